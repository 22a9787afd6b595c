import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import { readStatus } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { startRunner } from "./processes.ts";
import { startProxy } from "./proxy.ts";
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

const worker =
  "FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^lockstep/[0-9a-f]{8}( [0-9]+/[0-9]+)?$'";
const until = async (sql: string) => {
  await using session = await open(url);
  while ((await session.query(sql)).rows.length === 0) await sleep(5);
};
/** Until the statement that a test is about runs: they sleep or wait for a lock. */
const atWork = async () =>
  until(`SELECT ${worker} AND (wait_event = 'PgSleep' OR wait_event_type = 'Lock')`);

describe("a run that is told to stop", () => {
  /** Starts, waits until the statement is at work, aborts, and gives the failure and how long it took. */
  const stopDuring = async (files: Record<string, string>, before = async () => {}) => {
    const controller = new AbortController();
    const events: EventBody[] = [];
    const running = failureOf(() =>
      run(url, folderOf(files), { lockTimeoutMs: 20_000 }, { signal: controller.signal, events }),
    );
    await atWork();
    await before();
    const began = performance.now();
    controller.abort();
    const failure = await running;
    return { failure, events, ms: performance.now() - began };
  };

  it.each([
    ["a transaction", "CREATE TABLE two (); SELECT pg_sleep(30)"],
    ["a wait for a lock", "CREATE TABLE two (); LOCK TABLE busy"],
  ])("cancels %s, leaves nothing of it and can be resumed", async (_name, sql) => {
    await ask(url, "CREATE TABLE busy (id int)");
    await using other = await open(url);
    await other.batch("BEGIN; INSERT INTO busy VALUES (1)");
    const { failure, events, ms } = await stopDuring({ one: "CREATE TABLE one ()", two: sql });
    expect(failure).toMatchObject({ code: "run-cancelled", exitCode: 3 });
    expect(ms).toBeLessThan(15_000);
    expect(events.at(-1)).toMatchObject({ type: "run.finished", outcome: "stopped", applied: 1 });
    expect(await ask(url, "SELECT outcome FROM lockstep.run")).toEqual([{ outcome: "stopped" }]);
    expect(
      await ask(url, "SELECT outcome FROM lockstep.step WHERE migration = 'two' ORDER BY id"),
    ).toEqual([{ outcome: "rolled-back" }, { outcome: "cancelled" }]);
    expect(await ask(url, "SELECT to_regclass('two') AS two")).toEqual([{ two: null }]);
    await other.batch("COMMIT");
    const { result } = await run(
      url,
      folderOf({ one: "CREATE TABLE one ()", two: sql.replace("30", "0") }),
    );
    expect(result.applied.map(({ id }) => id)).toEqual(["two"]);
  });

  it("cancels a concurrent build and removes its invalid index, when it can", async () => {
    await ask(url, "CREATE TABLE busy (id int)");
    await using old = await open(url);
    await old.batch("BEGIN; INSERT INTO busy VALUES (1)");
    const files = { one: "CREATE INDEX CONCURRENTLY busy_id ON busy (id)" };
    const { failure } = await stopDuring(files, async () => {
      setTimeout(() => void old.batch("COMMIT"), 1_000);
    });
    expect(failure.code).toBe("run-cancelled");
    expect(await ask(url, "SELECT FROM pg_index WHERE indrelid = 'busy'::regclass")).toEqual([]);
    expect((await readStatus({ url, folder: folderOf(files) })).migrations).toMatchObject([
      { state: "partly-applied" },
    ]);
    expect((await run(url, folderOf(files))).result.applied).toHaveLength(1);
    expect(
      await ask(url, "SELECT indisvalid AS valid FROM pg_index WHERE indrelid = 'busy'::regclass"),
    ).toEqual([{ valid: true }]);
  });

  it("does not begin when it is told before", async () => {
    const failure = await failureOf(() =>
      run(url, folderOf({ one: "CREATE TABLE one ()" }), {}, { signal: AbortSignal.abort() }),
    );
    expect(failure.code).toBe("run-cancelled");
    expect(await ask(url, "SELECT to_regclass('one') AS one")).toEqual([{ one: null }]);
  });

  it("stops waiting for another runner", async () => {
    await using other = startRunner(url, { one: "SELECT pg_sleep(30)" });
    await other.seen("step.started");
    const controller = new AbortController();
    const events: EventBody[] = [];
    const running = failureOf(() =>
      run(url, folderOf({ one: "" }), {}, { signal: controller.signal, events }),
    );
    while (only(events, "run.waiting").length === 0) await sleep(5);
    controller.abort();
    expect((await running).code).toBe("run-cancelled");
  });
});

describe("a connection that is lost", () => {
  const lose = async (condition = "") =>
    ask(url, `SELECT pg_terminate_backend(pid) ${worker} ${condition}`);

  it("in a transaction: it is sent again, once, and counted once", async () => {
    await ask(url, "CREATE TABLE effect (name text)");
    const events: EventBody[] = [];
    const running = run(
      url,
      folderOf({ one: "INSERT INTO effect VALUES ('a'); SELECT pg_sleep(1)" }),
      {},
      { events },
    );
    await atWork();
    await lose();
    await running;
    expect(await ask(url, "SELECT name FROM effect")).toEqual([{ name: "a" }]);
    expect(only(events, "notice")).toMatchObject([
      {
        message: expect.stringContaining(
          "nothing of the transaction of migrations/one.sql that was in flight remained",
        ),
      },
    ]);
  });

  it("after its commit, before the answer: the ledger tells, and it is not sent again", async () => {
    await ask(url, "CREATE TABLE effect (name text)");
    // A standby that never answers keeps the session at its commit, which is local already.
    await ask(url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await ask(
      url,
      `ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET synchronous_commit = local`,
    );
    await ask(url, "SELECT pg_reload_conf()");
    const events: EventBody[] = [];
    const sql = "INSERT INTO effect VALUES ('a'); SET LOCAL synchronous_commit = on";
    const running = run(
      url,
      folderOf({ one: sql, two: "INSERT INTO effect VALUES ('b')" }),
      {},
      { events },
    );
    await until(`SELECT ${worker} AND wait_event = 'SyncRep'`);
    await lose();
    await running;
    expect(await ask(url, "SELECT name FROM effect ORDER BY name")).toEqual([
      { name: "a" },
      { name: "b" },
    ]);
    expect(only(events, "notice").at(-1)).toMatchObject({
      message: expect.stringContaining("had committed and is recorded"),
    });
    await ask(url, "ALTER SYSTEM RESET synchronous_standby_names");
    await ask(url, "SELECT pg_reload_conf()");
  });

  it("in a concurrent build: what it left is removed, and it is built again", async () => {
    await ask(url, "CREATE TABLE busy (id int)");
    await using old = await open(url);
    await old.batch("BEGIN; INSERT INTO busy VALUES (1)");
    const running = run(url, folderOf({ one: "CREATE INDEX CONCURRENTLY busy_id ON busy (id)" }));
    await atWork();
    await lose();
    await sleep(100);
    await old.batch("COMMIT");
    const { events } = await running;
    expect(only(events, "step.cleaned")).toHaveLength(1);
    expect(
      await ask(url, "SELECT indisvalid AS valid FROM pg_index WHERE indrelid = 'busy'::regclass"),
    ).toEqual([{ valid: true }]);
  });

  it("in a statement whose effect nobody can look up: it is not sent twice unasked", async () => {
    await ask(url, "CREATE TABLE effect (name text)");
    await ask(
      url,
      "CREATE PROCEDURE work() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO effect VALUES ('a'); COMMIT; PERFORM pg_sleep(1); END $$",
    );
    const folder = folderOf({ one: "-- lockstep: no-transaction\nCALL work()" });
    const running = failureOf(() => run(url, folder));
    await atWork();
    await lose();
    expect(await running).toMatchObject({
      code: "migration-unresolved",
      from: "migrations/one.sql:2",
    });
    expect(await failureOf(() => run(url, folder))).toMatchObject({ code: "migration-unresolved" });
    expect(await ask(url, "SELECT name FROM effect")).toEqual([{ name: "a" }]);
  });

  it("without a word, as when a firewall forgets it: the run ends all the same", async () => {
    await using proxy = await startProxy(url);
    const files = { one: "CREATE TABLE one (); SELECT pg_sleep(30)" };
    const running = failureOf(() => run(proxy.url, folderOf(files), { heartbeatMs: 100 }));
    await atWork();
    proxy.freeze();
    expect(await running).toMatchObject({
      code: "lease-lost",
      found: expect.stringContaining("no answer"),
    });
  });

  it.each([
    ["together with the lock", "application_name LIKE 'lockstep/%'"],
    [
      "when it is the lock's alone",
      "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted)",
    ],
  ])("%s: the run ends and tells what became of its transaction", async (_name, which) => {
    const running = failureOf(() =>
      run(url, folderOf({ one: "CREATE TABLE one (); SELECT pg_sleep(30)" })),
    );
    await atWork();
    await ask(
      url,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND ${which}`,
    );
    const failure = await running;
    expect(failure).toMatchObject({ code: "lease-lost", exitCode: 3 });
    expect(failure.found).toContain(
      "nothing of the transaction of migrations/one.sql that was in flight remained",
    );
  });
});
