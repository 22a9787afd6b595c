import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { readServerSizes } from "../../src/clone/index.ts";
import { Session } from "../../src/pg/index.ts";
import { scaleCheckpoints, scaledCache } from "../../src/rehearse/scale-settings.ts";
import { startScratch } from "../../src/scratch/index.ts";

const megabyte = 1024 * 1024;

it("a server of clones has a share of the source's cache, and checkpoints as often in proportion", async () => {
  const server = { cache: 800 * megabyte, wal: 400 * megabyte };
  expect(scaledCache(undefined, 0.05)).toEqual({});
  expect(scaledCache({ ...server, cache: "large" as unknown as number }, 0.05)).toEqual({});
  expect(scaledCache(server, 0.0001)).toMatchObject({ shared_buffers: `${16 * 1024}kB` });
  expect(scaledCache(server, 40)).toMatchObject({ shared_buffers: `${512 * 1024}kB` });
  await using scratch = await startScratch({ settings: scaledCache(server, 0.05) });
  await using session = await Session.open({ url: scratch.url, applicationName: "test" });
  const own = await readServerSizes(session);
  expect(own.cache).toBe(40 * megabyte);
  const redo = async () => {
    const [[lsn]] = (await session.queryArrays("SELECT redo_lsn FROM pg_control_checkpoint()")) as [
      [string],
    ];
    return lsn;
  };
  const before = await redo();
  const write = "SELECT pg_logical_emit_message(false, '', repeat('x', 16 * 1024 * 1024))";
  await session.query(write);
  expect(await redo()).toBe(before);
  await scaleCheckpoints(scratch, server, 0.05);
  await untilWal(session, 20 * megabyte);
  // More than half of it: the server begins the next one in time.
  await session.query(write);
  while ((await redo()) === before) await sleep(10);
  await scaleCheckpoints(scratch, server, undefined);
  await untilWal(session, own.wal);
});

/** A session hears of a changed setting a moment later. */
async function untilWal(session: Session, bytes: number): Promise<void> {
  while ((await readServerSizes(session)).wal !== bytes) await sleep(10);
}
