import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBackfill, readBackfill, verifyBackfill } from "../../src/backfill/index.ts";
import { steeringOf } from "../../src/backfill/limits.ts";
import { vacuum } from "../../src/backfill/signals/vacuum.ts";
import { Vacuumer } from "../../src/backfill/vacuum.ts";
import type { EventBody } from "../../src/events/index.ts";
import { installLedger } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { because, isGo, steer } from "./steered.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({
    major: 18,
    settings: { vacuum_cost_limit: "1", autovacuum_naptime: "1" },
  });
});
afterAll(() => scratch.close());

const job = {
  id: "p1/1",
  table: '"public"."t"',
  set: "filled = 1 + CASE t.k % 40 WHEN 0 THEN length(pg_sleep(0.0005)::text) ELSE 0 END",
  todo: "t.filled = 0",
};

async function tableOf(rows: number) {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "set-up" });
  await session.query("CREATE TABLE t (k integer PRIMARY KEY, filled integer NOT NULL DEFAULT 0)");
  await session.query(`INSERT INTO t SELECT generate_series(1, ${rows})`);
  await installLedger(session);
  return { url, session };
}

/** Asks until the answer is so. */
async function until(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await sleep(20);
}

it(
  "a second worker helps while there is slack, steps back for others, and leaves its range to the first",
  { timeout: 120_000 },
  async () => {
    const { url, session } = await tableOf(2_000_000);
    await using _ = session;
    const steering = {
      ignore: ["latency", "wal"],
      limits: { sessions: { slow: 2, stop: 50 } },
      cpus: 1,
    } as const;
    await using running = steer({ url, job, steering, workers: 2, vacuum: false });
    const workers = async () => (await readBackfill(session, job.id))?.workers.length;
    await until(async () => (await workers()) === 2);
    const crowd = await Promise.all(
      [1, 2, 3].map((n) => Session.open({ url, applicationName: `crowd ${n}` })),
    );
    const asleep = crowd.map((each) => each.query("SELECT pg_sleep(600)").catch(() => {}));
    await running.settled(because("sessions", "slow"));
    await until(async () => (await workers()) === 1);
    // The first worker and the one who looks are left once the other has hung up.
    await until(async () => {
      const { rowCount } = await session.query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'lockstep/backfill' AND datname = current_database()",
      );
      return rowCount === 2;
    });
    await session.query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'crowd%'",
    );
    await Promise.all(asleep);
    await running.settled(isGo);
    await until(async () => (await workers()) === 2);
    await Promise.all(crowd.map((each) => each.close()));
  },
);

it("gives its vacuum up for whoever waits for its lock", { timeout: 120_000 }, async () => {
  const { url, session } = await tableOf(400_000);
  await using _ = session;
  await session.query("ALTER TABLE t SET (autovacuum_enabled = off)");
  // The vacuum pauses for 2 ms after each page: others may be at work, as nobody looks.
  const steering = { ignore: ["latency", "wal", "sessions"] } as const;
  await using running = steer({ url, job, steering });
  await until(async () => {
    const { rowCount } = await session.query(
      "SELECT FROM pg_locks WHERE relation = 't'::regclass AND mode = 'ShareUpdateExclusiveLock' AND granted",
    );
    return rowCount! > 0;
  });
  const told = running.next("backfill.vacuumed");
  await session.query("ALTER TABLE t SET (fillfactor = 90)");
  expect(await told).toMatchObject({ outcome: "cancelled", reason: "somebody waits for its lock" });
});

it("is not vacuumed by two processes for the same rows", async () => {
  const { url, session } = await tableOf(1_000);
  await using _ = session;
  const opened = await openBackfill(session, job);
  await session.query(
    "INSERT INTO lockstep.backfill_range (backfill, number, passed, changed) VALUES ('p1/1', 1, 50000, 50000)",
  );
  const events: EventBody[] = [];
  const both = [1, 2].map(
    () => new Vacuumer({ url, applicationName: "vacuum" }, opened, (event) => events.push(event)),
  );
  await using other = await Session.open({ url, applicationName: "other" });
  await Promise.all([both[0]!.beginIfDue(session, false), both[1]!.beginIfDue(other, false)]);
  for (const each of both) await each[Symbol.asyncDispose]();
  await both[0]!.beginIfDue(session, false);
  await both[0]![Symbol.asyncDispose]();
  expect(events).toMatchObject([{ type: "backfill.vacuumed", outcome: "done" }]);
});

it("vacuums those partitions of which a part is dead", async () => {
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "set-up" });
  await session.batch(
    `CREATE TABLE t (k integer PRIMARY KEY, filled integer NOT NULL DEFAULT 0) PARTITION BY RANGE (k);
     CREATE TABLE "Early" PARTITION OF t FOR VALUES FROM (0) TO (1000) WITH (autovacuum_enabled = off);
     CREATE TABLE late PARTITION OF t FOR VALUES FROM (1000) TO (2000) WITH (autovacuum_enabled = off);
     INSERT INTO t SELECT generate_series(1, 1999)`,
  );
  await installLedger(session);
  const opened = await openBackfill(session, job);
  await session.query("UPDATE t SET filled = 1 WHERE k < 500");
  await session.query("SELECT pg_stat_force_next_flush()");
  await session.query(
    "INSERT INTO lockstep.backfill_range (backfill, number, passed, changed) VALUES ('p1/1', 1, 50000, 50000)",
  );
  const vacuumer = new Vacuumer({ url, applicationName: "vacuum" }, opened, () => {});
  await vacuumer.beginIfDue(session, false);
  await vacuumer[Symbol.asyncDispose]();
  expect(
    await session.queryArrays(
      "SELECT relname::text, vacuum_count::integer FROM pg_stat_user_tables WHERE relname IN ('Early', 'late') ORDER BY 1",
    ),
  ).toEqual([
    ["Early", 1],
    ["late", 0],
  ]);
});

it("T36: is verified beside open transactions of others", async () => {
  const { url, session } = await tableOf(1_000);
  await using _ = session;
  await using writer = await Session.open({ url, applicationName: "shop" });
  await writer.query("BEGIN");
  await writer.query("UPDATE t SET filled = 1");
  await session.query("SET lock_timeout = '1ms'");
  expect(await verifyBackfill(session, job)).toMatchObject({ rows: 1_000, left: 1_000 });
  await writer.query("COMMIT");
  expect(await verifyBackfill(session, job)).toMatchObject({ rows: 1_000, left: 0 });
});

it(
  "stands while an autovacuum against wraparound is at work on the table",
  { timeout: 240_000 },
  async () => {
    const { url, session } = await tableOf(400_000);
    await using _ = session;
    await session.query("ALTER TABLE t SET (autovacuum_freeze_max_age = 100000)");
    await session.query(
      "DO $$ BEGIN FOR n IN 1..101000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$",
    );
    await until(async () => {
      const { rowCount } = await session.query(
        "SELECT FROM pg_stat_progress_vacuum WHERE relid = 't'::regclass",
      );
      return rowCount! > 0;
    });
    await using running = steer({ url, job, steering: { ignore: ["latency", "sessions"] } });
    const { reasons } = await running.settled(because("vacuum", "stop"));
    expect(reasons.map(({ text }) => text)).toContain(
      "an autovacuum against wraparound of transaction ids is at work on the table; limit 1",
    );
  },
);

it("knows the table's rows from its last analyze where the counters are younger, as after a crash or a restore", async () => {
  const { session } = await tableOf(200_000);
  await using _ = session;
  await session.query("ALTER TABLE t SET (autovacuum_enabled = off)");
  await session.query("ANALYZE t");
  await session.query("SELECT pg_stat_reset()");
  await session.query("UPDATE t SET filled = 1 WHERE k <= 60000");
  await session.query("SELECT pg_stat_force_next_flush()");
  const watched = { major: 18, table: "'t'", ours: [] };
  const { rows } = await session.query<{ reading: never }>(
    `SELECT ${vacuum.sql(watched, undefined)} AS reading`,
  );
  const measures = vacuum.measure([{ at: 0, reading: rows[0]!.reading }], steeringOf(), undefined);
  expect(measures).toMatchObject([{ text: "23 % of the table's rows are dead" }]);
});
