import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import { readStatus } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { startRunner } from "./processes.ts";
import { ask, folderOf, only, open, run } from "./support.ts";

let scratch: Scratch;
let url: string;
beforeAll(async () => {
  scratch = await startScratch();
});
beforeEach(async () => {
  ({ url } = await scratch.createDatabase());
});
afterAll(() => scratch.close());

const slow = (seconds: number) => ({ one: `CREATE TABLE one (); SELECT pg_sleep(${seconds})` });
const both = { ...slow(0), two: "CREATE TABLE two ()" };
const workers =
  "SELECT pid, state FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^lockstep/[0-9a-f]{8}( [0-9]+/[0-9]+)?$'";
const keepers =
  "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'lockstep/% keeper'";

/** Waits until a runner's statement is at work in the server. */
const busyWorker = async (target: string) => {
  await using session = await open(target);
  while (
    (await session.query(`${workers} AND (wait_event = 'PgSleep' OR wait_event_type = 'Lock')`))
      .rows.length === 0
  )
    await sleep(5);
};

describe("a runner that finds another at work", () => {
  it("waits, says for whom, and leaves when nothing is left to do", async () => {
    await using other = startRunner(url, slow(2));
    await other.seen("step.started");
    const events: EventBody[] = [];
    const { result } = await run(url, folderOf(slow(2)), {}, { events });
    expect(result.applied).toEqual([]);
    expect(only(events, "run.waiting")[0]!.holder).toMatch(
      new RegExp(`^.+@.+ pid ${other.child.pid} \\(migrate\\)$`),
    );
    expect(Date.parse(only(events, "run.waiting")[0]!.since)).toBeGreaterThan(Date.now() - 60_000);
    expect(await other.ended()).toMatchObject({ outcome: "succeeded", applied: 1 });
  });

  it("gives up in the end and names the holder", async () => {
    await using other = startRunner(url, slow(30));
    await other.seen("step.started");
    const failure = await failureOf(() => run(url, folderOf(slow(30)), { waitForRunnerMs: 300 }));
    expect(failure).toMatchObject({
      code: "ledger-lock-timeout",
      found: expect.stringContaining(`pid ${other.child.pid} (migrate), backend`),
    });
    const { lease } = await readStatus({ url, folder: folderOf({}) });
    expect(lease).toMatchObject({
      fence: 1,
      holder: expect.stringContaining(`pid ${other.child.pid}`),
    });
  });
});

describe("a runner whose keeper's session is lost", () => {
  it("stops at once, in the middle of a statement, and another one goes on", async () => {
    const running = failureOf(() => run(url, folderOf(slow(30))));
    await using admin = await open(url);
    await busyWorker(url);
    const began = performance.now();
    await admin.query(`SELECT pg_terminate_backend(pid) ${keepers}`);
    expect(await running).toMatchObject({ code: "lease-lost", exitCode: 3 });
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(await ask(url, "SELECT to_regclass('one') AS one")).toEqual([{ one: null }]);
    const { result } = await run(url, folderOf(slow(0)));
    expect(result.applied).toHaveLength(1);
    expect(await ask(url, "SELECT outcome FROM lockstep.run ORDER BY started_at")).toEqual([
      { outcome: "failed" },
      { outcome: "succeeded" },
    ]);
  });
});

describe("a runner that was stopped, robbed of its lock, and wakes again", () => {
  it.each([
    [
      "between two transactions",
      { one: "CREATE TABLE one (); SELECT pg_sleep(2)", two: "CREATE TABLE two ()" },
    ],
    [
      "before a statement outside a transaction",
      {
        one: "CREATE TABLE one (id int); SELECT pg_sleep(2); CREATE INDEX CONCURRENTLY one_id ON one (id)",
        two: "CREATE TABLE two ()",
      },
    ],
  ])("does no harm: %s", async (_name, files) => {
    await using asleep = startRunner(url, files);
    await asleep.seen("step.started");
    await busyWorker(url);
    asleep.child.kill("SIGSTOP");
    await ask(url, `SELECT pg_terminate_backend(pid) ${keepers}`);
    // The statement in flight is the server's: it comes to its end, and is waited for.
    const { result, events } = await run(url, folderOf(files));
    expect(only(events, "notice")).toMatchObject([
      { message: expect.stringContaining("still at work") },
    ]);
    expect(result.applied.map(({ id }) => id).at(-1)).toBe("two");
    const before = await ask(
      url,
      "SELECT source, id, run, fence FROM lockstep.migration ORDER BY id",
    );
    asleep.child.kill("SIGCONT");
    expect(await asleep.ended()).toMatchObject({ outcome: "lease-lost" });
    expect(
      await ask(url, "SELECT source, id, run, fence FROM lockstep.migration ORDER BY id"),
    ).toEqual(before);
    expect(
      await ask(url, "SELECT relname FROM pg_class WHERE relname ~ '^(one|two)' ORDER BY 1"),
    ).toHaveLength("one_id" in files || files.one.includes("INDEX") ? 3 : 2);
    expect(await ask(url, "SELECT outcome, fence FROM lockstep.run ORDER BY fence")).toEqual([
      { outcome: "lost", fence: "1" },
      { outcome: "succeeded", fence: "2" },
    ]);
  });

  it("cannot commit what it sends under an old fence", async () => {
    await using asleep = startRunner(url, {
      one: "CREATE TABLE one ()",
      two: "SELECT pg_sleep(2)",
      three: "CREATE TABLE three ()",
    });
    await asleep.seen("migration.finished");
    // Whoever holds the lock now, the fence has moved on under the sleeping transaction's successor.
    await using thief = await open(url);
    await busyWorker(url);
    await thief.query("UPDATE lockstep.lease SET fence = fence + 1");
    expect(await asleep.ended()).toMatchObject({ outcome: "lease-lost" });
    expect(await ask(url, "SELECT to_regclass('three') AS three")).toEqual([{ three: null }]);
  });
});

describe("the backend of a killed runner", () => {
  it.each([
    ["that computes", "SELECT pg_sleep(30)"],
    ["that waits for a lock", "LOCK TABLE busy"],
    [
      "that builds an index behind an old transaction",
      "CREATE INDEX CONCURRENTLY busy_id ON busy (id)",
    ],
  ])("%s ends within two seconds", async (_name, sql) => {
    await ask(url, "CREATE TABLE busy (id int)");
    await using old = await open(url);
    await old.batch("BEGIN; INSERT INTO busy VALUES (1)");
    await using killed = startRunner(url, { one: sql }, { lockTimeoutMs: 60_000 });
    await killed.seen("step.started");
    await using admin = await open(url);
    await busyWorker(url);
    killed.child.kill("SIGKILL");
    const began = performance.now();
    while ((await admin.query(workers)).rows.length > 0) await sleep(20);
    expect(performance.now() - began).toBeLessThan(20_000);
  });

  it("that does not end is named, and nothing is done beside it", async () => {
    await using orphan = await open(url, "lockstep/0123abcd 2/3");
    await orphan.batch("BEGIN; SELECT 1");
    const failure = await failureOf(() => run(url, folderOf(both), { orphanWaitMs: 300 }));
    expect(failure).toMatchObject({
      code: "orphan-still-running",
      exitCode: 3,
      found: expect.stringContaining(`backend ${orphan.keyDataPid} (lockstep/0123abcd 2/3)`),
    });
    expect(orphan.isOpen).toBe(true);
    expect(await ask(url, "SELECT to_regclass('one') AS one")).toEqual([{ one: null }]);
    await orphan.batch("COMMIT");
    expect((await run(url, folderOf(both))).result.applied).toHaveLength(2);
  });

  it("is waited for while it ends its work", async () => {
    await using orphan = await open(url, "lockstep/0123abcd");
    const working = orphan.query("SELECT pg_sleep(2)");
    const { events } = await run(url, folderOf(both));
    await working;
    expect(only(events, "notice")).toMatchObject([
      { message: expect.stringContaining(`waiting for backend ${orphan.keyDataPid}`) },
    ]);
  });
});
