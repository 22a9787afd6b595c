import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { EventBody } from "../../src/events/index.ts";
import { terminateBlocker } from "../../src/runner/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { ask, folderOf, only, open, run } from "./support.ts";

let scratch: Scratch;
let url: string;
beforeAll(async () => {
  scratch = await startScratch();
});
beforeEach(async () => {
  ({ url } = await scratch.createDatabase());
  await ask(url, "CREATE TABLE a (id int PRIMARY KEY, n int)");
  await ask(url, "INSERT INTO a SELECT i, i FROM generate_series(1, 10) i");
});
afterAll(() => scratch.close());

const until = async (condition: () => boolean) => {
  for (const deadline = Date.now() + 15_000; !condition(); await sleep(10))
    if (Date.now() > deadline) throw new Error("it did not happen in 15 s");
};

it("gives way after lock_timeout, says who blocks, and succeeds once the lock is free", async () => {
  await using blocker = await open(url, "reporting");
  await blocker.query("BEGIN");
  await blocker.query("SELECT * FROM a WHERE n = 424242");
  const events: EventBody[] = [];
  const running = run(
    url,
    folderOf({ one: "ALTER TABLE a ADD COLUMN b int" }),
    { lockTimeoutMs: 400, blockedAfterMs: 100 },
    { events },
  );
  await until(() => only(events, "step.retried").length >= 2);
  // Between its attempts others pass: with the request queued all the time this would wait.
  await ask(url, "SET lock_timeout = '5s'; SELECT * FROM a");
  await blocker.batch("COMMIT");
  await running;
  const [blocked] = only(events, "step.blocked");
  expect(blocked).toMatchObject({
    statement: { migration: "one", file: "migrations/one.sql", line: 1 },
    blockers: [
      {
        pid: blocker.keyDataPid,
        application: "reporting",
        user: "postgres",
        state: "idle in transaction",
        query: "SELECT * FROM a WHERE n = $1",
      },
    ],
  });
  expect(blocked!.waitedMs).toBeGreaterThan(0);
  expect(blocked!.blockers[0]!.transactionSeconds).toBeGreaterThan(0);
  expect(only(events, "step.retried")[0]).toMatchObject({
    attempt: 1,
    reason: expect.stringContaining("lock timeout"),
  });
  const [step] = await ask<{ attempts: number; paused_ms: number; outcome: string }>(
    url,
    "SELECT attempts, paused_ms, outcome FROM lockstep.step",
  );
  expect(step).toMatchObject({ outcome: "succeeded" });
  expect(step!.attempts).toBeGreaterThanOrEqual(3);
  expect(step!.paused_ms).toBeGreaterThan(0);
});

it("gives up after the attempts it may make, with the file rolled back", async () => {
  await using blocker = await open(url);
  await blocker.batch("BEGIN; SELECT * FROM a");
  const failure = await failureOf(() =>
    run(url, folderOf({ one: "CREATE TABLE b ();\nALTER TABLE a ADD COLUMN b int" }), {
      lockTimeoutMs: 50,
      attempts: 2,
    }),
  );
  expect(failure).toMatchObject({
    code: "lock-timeout",
    exitCode: 3,
    what: expect.stringContaining("one.sql:2"),
  });
  expect(failure.what).toContain("(2 attempts)");
  expect(await ask(url, "SELECT to_regclass('b') AS b")).toEqual([{ b: null }]);
});

it("is patient for a time, however short its waits are", async () => {
  await using blocker = await open(url);
  await blocker.batch("BEGIN; SELECT * FROM a");
  const noPauses = vi.spyOn(Math, "random").mockReturnValue(0);
  try {
    const began = performance.now();
    const files = { one: "CREATE TABLE b ();\nALTER TABLE a ADD COLUMN b int" };
    const limits = { lockTimeoutMs: 10, retryForMs: 2_000 };
    const failure = await failureOf(() => run(url, folderOf(files), limits));
    expect(failure.code).toBe("lock-timeout");
    // Pauses by chance are none here: twenty attempts would be over long before.
    expect(performance.now() - began).toBeGreaterThan(2_000);
  } finally {
    noPauses.mockRestore();
  }
});

it("leaves a file its own lock_timeout and statement_timeout", async () => {
  await using blocker = await open(url);
  await blocker.batch("BEGIN; SELECT * FROM a");
  const began = performance.now();
  await failureOf(() =>
    run(url, folderOf({ one: "SET LOCAL lock_timeout = 700; ALTER TABLE a ADD COLUMN b int" }), {
      lockTimeoutMs: 50,
      attempts: 1,
    }),
  );
  expect(performance.now() - began).toBeGreaterThan(700);
  await blocker.batch("COMMIT");
  const failure = await failureOf(() =>
    run(url, folderOf({ one: "SET statement_timeout = 100; SELECT pg_sleep(5)" })),
  );
  expect(failure.found).toContain("statement timeout");
});

it("limits only statements that touch nothing but the catalog", async () => {
  const slow =
    "CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); END'";
  // The ledger's own tables are there before every change of the catalog is slow.
  await run(url, folderOf({}));
  await ask(url, `${slow}; CREATE EVENT TRIGGER slow ON ddl_command_start EXECUTE FUNCTION slow()`);
  const limits = { lockTimeoutMs: 100, statementTimeoutMs: 100 };
  const failure = await failureOf(() =>
    run(url, folderOf({ one: "ALTER TABLE a ADD COLUMN b int" }), limits),
  );
  expect(failure).toMatchObject({
    code: "migration-failed",
    why: expect.stringContaining("statement_timeout"),
  });
  // A rewrite, an index build and data take the time they take.
  await run(
    url,
    folderOf({
      one: "ALTER TABLE a ALTER COLUMN n TYPE bigint; CREATE INDEX a_n ON a (n); SELECT pg_sleep(0.5)",
      two: "CREATE INDEX CONCURRENTLY a_n2 ON a (n)",
    }),
    limits,
  );
});

it("tries again after a deadlock", async () => {
  await ask(url, "CREATE TABLE b (id int)");
  await using other = await open(url);
  await other.batch("SET deadlock_timeout = '10s'; BEGIN; LOCK TABLE b");
  const events: EventBody[] = [];
  const running = run(
    url,
    folderOf({
      one: "SET LOCAL lock_timeout = '10s'; ALTER TABLE a ADD COLUMN c int; ALTER TABLE b ADD COLUMN c int",
    }),
    { blockedAfterMs: 50 },
    { events },
  );
  await until(() => only(events, "step.blocked").length > 0);
  expect(only(events, "step.blocked")[0]).toMatchObject({
    statement: { sql: "ALTER TABLE b ADD COLUMN c int" },
  });
  await other.batch("LOCK TABLE a; COMMIT");
  await running;
  expect(only(events, "step.retried")).toMatchObject([{ reason: "deadlock detected" }]);
  expect(await ask(url, "SELECT count(a.c + b.c) FROM a, b")).toHaveLength(1);
});

it("gives way while it holds a lock, before somebody else is the victim of a deadlock", async () => {
  await ask(url, "CREATE TABLE b (id int)");
  await using other = await open(url);
  await other.batch("SET deadlock_timeout = '5s'; BEGIN; INSERT INTO b VALUES (1)");
  const events: EventBody[] = [];
  const running = run(
    url,
    folderOf({
      one: "SET LOCAL deadlock_timeout = '1min'; ALTER TABLE a ADD COLUMN c int; ALTER TABLE b ADD COLUMN c int",
    }),
    { lockTimeoutMs: 30_000, blockedAfterMs: 50 },
    { events },
  );
  await until(() => only(events, "step.blocked").length > 0);
  await other.batch("UPDATE a SET n = 0; COMMIT");
  await running;
  for (const { reason } of only(events, "step.retried")) expect(reason).toContain("lock timeout");
  expect(await ask(url, "SELECT count(a.c + b.c) FROM a, b WHERE a.n = 0")).toHaveLength(1);
});

it("holds the lock of a foreign key's own table only for a short wait for the other one", async () => {
  await ask(url, "CREATE TABLE b (id int PRIMARY KEY)");
  await using other = await open(url);
  await other.batch("SET deadlock_timeout = '5s'; BEGIN; INSERT INTO b VALUES (1)");
  const events: EventBody[] = [];
  const running = run(
    url,
    folderOf({ one: "ALTER TABLE a ADD FOREIGN KEY (n) REFERENCES b NOT VALID" }),
    { lockTimeoutMs: 30_000, blockedAfterMs: 50 },
    { events },
  );
  await until(() => only(events, "step.blocked").length > 0);
  // It holds the one and waits for the other, for less than this waits.
  await other.batch("UPDATE a SET n = 1; COMMIT");
  await running;
  expect(only(events, "step.retried").length).toBeGreaterThan(0);
  for (const { reason } of only(events, "step.retried")) expect(reason).toContain("lock timeout");
  expect(await ask(url, "SELECT FROM a WHERE n = 1")).not.toEqual([]);
});

it("says of a foreign key of a table that is not there what is wrong", async () => {
  const failure = await failureOf(() =>
    run(url, folderOf({ one: "SELECT 1;\nALTER TABLE nope ADD FOREIGN KEY (n) REFERENCES a" })),
  );
  expect(failure).toMatchObject({
    code: "migration-failed",
    what: 'migrations/one.sql:2: relation "nope" does not exist',
  });
});

it("tries again after a serialisation failure", async () => {
  const events: EventBody[] = [];
  const sql = `BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM a; SELECT pg_sleep(0.5); UPDATE a SET n = n * 2 WHERE id = 1; COMMIT`;
  const running = run(url, folderOf({ one: sql }), {}, { events });
  await using other = await open(url);
  const asleep =
    "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
  while ((await other.query(asleep)).rows.length === 0) await sleep(5);
  await other.query("UPDATE a SET n = 100 WHERE id = 1");
  await running;
  expect(only(events, "step.retried")).toMatchObject([
    {
      statement: { sql: "UPDATE a SET n = n * $1 WHERE id = $2" },
      reason: expect.stringContaining("could not serialize"),
    },
  ]);
  expect(await ask(url, "SELECT n FROM a WHERE id = 1")).toEqual([{ n: 200 }]);
});

it("gives a concurrent build the time it needs behind an old transaction", async () => {
  await using old = await open(url, "backup");
  await old.batch("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
  await old.batch("INSERT INTO a VALUES (11, 11)");
  const events: EventBody[] = [];
  const running = run(
    url,
    folderOf({ one: "CREATE INDEX CONCURRENTLY a_n ON a (n)" }),
    { lockTimeoutMs: 100, blockedAfterMs: 100 },
    { events },
  );
  await until(() => only(events, "step.blocked").length >= 5);
  expect(only(events, "step.blocked")[0]).toMatchObject({ blockers: [{ application: "backup" }] });
  await old.batch("COMMIT");
  await running;
  expect(only(events, "step.retried")).toEqual([]);
});

it("says what a concurrent build left that waited in vain; the next run removes it first", async () => {
  await using old = await open(url);
  await old.batch("BEGIN; INSERT INTO a VALUES (11, 11)");
  const folder = folderOf({ one: "CREATE INDEX CONCURRENTLY a_n ON a (n)" });
  const failure = await failureOf(() => run(url, folder, { concurrentWaitMs: 300, attempts: 1 }));
  expect(failure).toMatchObject({
    code: "lock-timeout",
    found: expect.stringContaining("Part of the statement remained"),
  });
  const index = "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'a_n'::regclass";
  expect(await ask(url, index)).toEqual([{ valid: false }]);
  await old.batch("COMMIT");
  const { events } = await run(url, folder);
  expect(only(events, "step.cleaned")).toHaveLength(1);
  expect(await ask(url, index)).toEqual([{ valid: true }]);
});

it("ends a blocker only while it is what was shown", async () => {
  await using victim = await open(url, "victim");
  await victim.batch("BEGIN; SELECT * FROM a WHERE n = 1");
  await using admin = await open(url);
  const shownAt = performance.now();
  const shown = {
    pid: victim.keyDataPid,
    query: "SELECT * FROM a WHERE n = $1",
    transactionSeconds: 0,
  };
  await sleep(50);

  await victim.batch("SELECT 'a payment'");
  const changed = await failureOf(() => terminateBlocker(admin, shown, shownAt));
  expect(changed).toMatchObject({ code: "blocker-changed", found: "another query: SELECT $1" });

  await victim.batch("SELECT * FROM a WHERE n = 2");
  const older = { ...shown, transactionSeconds: 60 };
  expect(await failureOf(() => terminateBlocker(admin, older, shownAt))).toMatchObject({
    found: "a newer transaction",
  });
  expect(victim.isOpen).toBe(true);

  await terminateBlocker(admin, shown, shownAt);
  await victim.lost;
  // The client is told before the server has forgotten the session.
  const isThere = "SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = $1";
  await expect.poll(() => admin.queryArrays(isThere, [shown.pid])).toEqual([]);
  expect(await failureOf(() => terminateBlocker(admin, shown, shownAt))).toMatchObject({
    found: expect.stringContaining("no "),
  });
});
