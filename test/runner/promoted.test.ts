import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readStatus } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf, type Failure } from "../support/failure.ts";
import { startReplica, type Replica } from "../support/replica.ts";
import { startProxy, type Proxy } from "./proxy.ts";
import { ask, folderOf, open, run } from "./support.ts";

const folder = folderOf({
  one: "INSERT INTO effect VALUES ('one')",
  two: "LOCK TABLE busy; INSERT INTO effect VALUES ('two')",
});

describe("a standby that is promoted in the middle of a run", { timeout: 60_000 }, () => {
  let primary: Scratch;
  let standby: Replica;
  let address: Proxy;
  beforeEach(async () => {
    primary = await startScratch({ settings: { wal_level: "replica", wal_keep_size: "64" } });
    await ask(primary.url, "CREATE TABLE effect (name text)");
    await ask(primary.url, "CREATE TABLE busy ()");
    await run(primary.url, folderOf({}));
    standby = await startReplica(primary, "standby");
    address = await startProxy(primary.url);
  }, 60_000);
  afterEach(async () => {
    await address[Symbol.asyncDispose]();
    await standby[Symbol.asyncDispose]();
    await primary.close();
  });

  /** Begins a run whose second file waits for a lock, promotes the standby, moves the address there, and ends sessions. */
  const failOver = async (
    end: () => Promise<unknown>,
    { isCaughtUp }: { readonly isCaughtUp: boolean },
  ): Promise<Failure> => {
    await using other = await open(primary.url);
    await other.batch("BEGIN; LOCK TABLE busy");
    const running = failureOf(() => run(address.url, folder, { lockTimeoutMs: 20_000 }));
    while ((await other.query("SELECT FROM pg_locks WHERE NOT granted")).rows.length === 0)
      await sleep(5);
    if (isCaughtUp) await caughtUp();
    await ask(standby.url, "SELECT pg_promote()");
    address.aim(standby.url);
    await end();
    return await running;
  };

  const caughtUp = async () => {
    while ((await names(standby.url)).length === 0) await sleep(5);
  };

  const names = async (url: string) =>
    (await ask<{ name: string }>(url, "SELECT name FROM effect ORDER BY name")).map(
      ({ name }) => name,
    );

  it("stops when the server that answers is not the one with its lock, even if that one lives", async () => {
    const failure = await failOver(
      () =>
        ask(
          primary.url,
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
        ),
      { isCaughtUp: true },
    );
    expect(failure).toMatchObject({ code: "lease-lost", exitCode: 3 });
    expect(failure.found).toContain(
      "not the one where this run holds its lock; nothing of the transaction",
    );
    expect(await names(standby.url)).toEqual(["one"]);
    const { result } = await run(address.url, folder);
    expect(result.applied.map(({ id }) => id)).toEqual(["two"]);
    expect(await names(standby.url)).toEqual(["one", "two"]);
    expect(await names(primary.url)).toEqual(["one"]);
  });

  it("takes the ledger that came with the data: what was lost with the old primary is applied again", async () => {
    const [sender] = await ask<{ pid: number }>(primary.url, "SELECT pid FROM pg_stat_replication");
    // From here on nothing reaches the standby.
    process.kill(sender!.pid, "SIGSTOP");
    const failure = await failOver(async () => address.cut(), { isCaughtUp: false });
    process.kill(sender!.pid, "SIGCONT");
    expect(failure).toMatchObject({ code: "lease-lost", exitCode: 3 });
    expect(await names(standby.url)).toEqual([]);
    const { migrations } = await readStatus({ url: address.url, folder });
    expect(migrations.map(({ state }) => state)).toEqual(["pending", "pending"]);
    const { result } = await run(address.url, folder);
    expect(result.applied.map(({ id }) => id)).toEqual(["one", "two"]);
    expect(await names(standby.url)).toEqual(["one", "two"]);
  });
});
