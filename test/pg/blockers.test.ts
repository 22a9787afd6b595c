import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWaiting } from "../../src/deploy/index.ts";
import { longTransactions, readBlockers, Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch, type ScratchDatabase } from "../../src/scratch/index.ts";

describe.each([14, 18])("on Postgres %i", (major) => {
  let scratch: Scratch;
  let database: ScratchDatabase;
  const sessions: Session[] = [];

  beforeAll(async () => {
    scratch = await startScratch({ major, settings: { max_prepared_transactions: "5" } });
    database = await scratch.createDatabase();
    await using session = await open("setup");
    await session.batch(`
      CREATE TABLE orders (id int PRIMARY KEY, email text);
      INSERT INTO orders VALUES (1, 'a@example.org'), (2, 'b@example.org');
      CREATE TABLE parts (id int) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)`);
  });

  afterAll(async () => {
    await Promise.all(sessions.map(async (session) => session.close()));
    await scratch.close();
  });

  const open = async (applicationName: string) => {
    const session = await Session.open({ url: database.url, applicationName });
    sessions.push(session);
    return session;
  };

  const untilBlocked = async (watcher: Session, pid: number) => {
    for (let attempt = 0; attempt < 500; attempt++) {
      const blockers = await readBlockers(watcher, pid);
      if (blockers.length > 0) return blockers;
      await sleep(5);
    }
    throw new Error(`backend ${pid} is not blocked`);
  };

  it("names holders and those queueing in front, longest transaction first, literals masked", async () => {
    await using watcher = await open("watcher");
    await using reader = await open("nightly report");
    await using altering = await open("other deploy");
    await using waiting = await open("lockstep/run");
    await reader.batch("BEGIN; SELECT * FROM orders WHERE email = 'a@example.org'");
    await sleep(50);
    const first = altering.batch("ALTER TABLE orders ADD COLUMN first int");
    await untilBlocked(watcher, altering.keyDataPid);
    const second = waiting.query("SELECT count(*) FROM orders");
    expect(await untilBlocked(watcher, waiting.keyDataPid)).toEqual([
      {
        pid: altering.keyDataPid,
        application: "other deploy",
        user: "postgres",
        state: "active",
        transactionSeconds: expect.any(Number),
        query: "ALTER TABLE orders ADD COLUMN first int",
      },
    ]);
    const [blocker, ...others] = await untilBlocked(watcher, altering.keyDataPid);
    expect(others).toEqual([]);
    expect(blocker).toMatchObject({
      pid: reader.keyDataPid,
      application: "nightly report",
      state: "idle in transaction",
      query: "BEGIN; SELECT * FROM orders WHERE email = $1",
    });
    expect(blocker!.transactionSeconds).toBeGreaterThan(0.05);
    await reader.batch("COMMIT");
    await Promise.all([first, second]);
    expect(await readBlockers(watcher, waiting.keyDataPid)).toEqual([]);
  });

  it("names the prepared transaction that holds a row or a table", async () => {
    await using watcher = await open("watcher");
    await using waiting = await open("waiting");
    await waiting.batch(
      "BEGIN; UPDATE orders SET email = '' WHERE id = 1; PREPARE TRANSACTION 'transfer ''7'''",
    );
    const expected = [
      {
        pid: 0,
        application: "prepared",
        user: "postgres",
        state: "prepared transaction",
        transactionSeconds: expect.any(Number),
        query: "PREPARE TRANSACTION 'transfer ''7'''",
      },
    ];
    for (const sql of ["UPDATE orders SET email = 'c' WHERE id = 1", "LOCK TABLE orders"]) {
      const work = waiting.batch(`BEGIN; ${sql}`).catch((error: Error) => error.message);
      expect(await untilBlocked(watcher, waiting.keyDataPid)).toEqual(expected);
      await watcher.query("SELECT pg_cancel_backend($1)", [waiting.keyDataPid]);
      expect(await work).toBe("canceling statement due to user request");
      await waiting.batch("ROLLBACK");
    }
    expect(
      await longTransactions(watcher, {
        olderThanSeconds: 0,
        tables: [{ schema: "public", name: "orders" }],
      }),
    ).toEqual([{ ...expected[0], holds: ["public.orders RowExclusiveLock"] }]);
    await watcher.batch("ROLLBACK PREPARED 'transfer ''7'''");
  });

  it("tells how long somebody has waited, which is not how long the statement has run", async () => {
    await using holder = await open("holder");
    await holder.batch("BEGIN; LOCK TABLE orders");
    await using late = await open("late");
    const waiting = late.query("DO $$ BEGIN PERFORM pg_sleep(1); LOCK TABLE orders; END $$");
    await using looker = await open("looker");
    const find = async () =>
      (await readWaiting(looker)).find(({ pid }) => pid === late.keyDataPid)?.seconds;
    await expect.poll(find, { timeout: 30_000 }).toBeTypeOf("number");
    const seconds = (await find())!;
    const { rows } = await looker.query<{ age: number }>(
      "SELECT date_part('epoch', clock_timestamp() - query_start) AS age FROM pg_stat_activity WHERE pid = $1",
      [late.keyDataPid],
    );
    expect(rows[0]!.age - seconds).toBeGreaterThanOrEqual(1);
    await holder.query("ROLLBACK");
    await waiting;
  });

  it("says what it may not see to a role with few privileges", async () => {
    await using watcher = await open("watcher");
    await using holding = await open("holding");
    await using waiting = await open("waiting");
    await watcher.batch("CREATE ROLE few_privileges; SET ROLE few_privileges");
    await holding.batch("BEGIN; LOCK TABLE orders");
    const work = waiting.query("SELECT count(*) FROM orders");
    expect(await untilBlocked(watcher, waiting.keyDataPid)).toEqual([
      {
        pid: holding.keyDataPid,
        application: "holding",
        user: "postgres",
        state: "hidden",
        transactionSeconds: Number.NaN,
        query: "(hidden: seen by members of pg_read_all_stats)",
      },
    ]);
    expect(await longTransactions(watcher, { olderThanSeconds: 0 })).toEqual([]);
    await holding.batch("ROLLBACK");
    await work;
    await watcher.batch("RESET ROLE; DROP ROLE few_privileges");
  });

  it("finds long transactions by age and by the tables they hold, partitions included", async () => {
    await using watcher = await open("watcher");
    await using reader = await open("reader");
    await using elsewhere = await open("elsewhere");
    await elsewhere.batch("BEGIN; SELECT 1");
    await sleep(20);
    await reader.batch("BEGIN; SELECT * FROM parts_1");
    const names = async (olderThanSeconds: number, ...tables: readonly string[]) =>
      (
        await longTransactions(watcher, {
          olderThanSeconds,
          ...(tables.length === 0
            ? {}
            : { tables: tables.map((name) => ({ schema: "public", name })) }),
        })
      ).map(({ application, holds }) => [application, ...holds]);
    expect(await names(0)).toEqual([["elsewhere"], ["reader"]]);
    expect(await names(60)).toEqual([]);
    expect(await names(0, "parts")).toEqual([["reader", "public.parts_1 AccessShareLock"]]);
    expect(await names(0, "orders", "gone")).toEqual([]);
  });
});
