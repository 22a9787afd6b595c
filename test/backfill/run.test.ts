import { afterAll, beforeAll, expect, it } from "vitest";
import {
  readBackfill,
  readJob,
  retryRejected,
  runBackfill,
  setPaused,
  verifyBackfill,
} from "../../src/backfill/index.ts";
import { installLedger } from "../../src/ledger/index.ts";
import { Session } from "../../src/pg/index.ts";
import { flagColumn } from "../../src/plan/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { quoteIdent } from "../../src/sql/index.ts";
import { failureOf } from "../support/failure.ts";
import { isGo, steer } from "./steered.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

const job = { id: "p1/1", table: '"public"."t"', set: "filled = 1", todo: "t.filled = 0" };
/** Nothing of the machine's other work may steer these. */
const steering = { ignore: ["latency", "sessions", "wal"] } as const;

async function tableOf(rows: number, more = "") {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "set-up" });
  await session.query(
    "CREATE TABLE t (k integer PRIMARY KEY, filled integer NOT NULL DEFAULT 0, v text)",
  );
  await session.query(`INSERT INTO t SELECT n, 0, md5(n::text) FROM generate_series(1, ${rows}) n`);
  if (more !== "") await session.batch(more);
  await installLedger(session);
  return { url, session };
}

it(
  "fills a table with several workers, vacuums it meanwhile, and proves it",
  { timeout: 120_000 },
  async () => {
    const { url, session } = await tableOf(120_000);
    await using _ = session;
    // Slow enough for the second worker, which waits until all has been calm for a while.
    const set = "filled = 1 + CASE t.k % 10 WHEN 0 THEN length(pg_sleep(0.0005)::text) ELSE 0 END";
    await using running = steer({ url, job: { ...job, set }, steering, workers: 2 });
    const { outcome, status } = await running.result;
    expect(outcome).toBe("done");
    expect(status).toMatchObject({
      state: "done",
      passed: 120_000,
      changed: 120_000,
      rejected: [],
    });
    expect(await verifyBackfill(session, job)).toMatchObject({ rows: 120_000, left: 0 });
    expect(running.events.filter(({ type }) => type === "backfill.vacuumed")).toContainEqual(
      expect.objectContaining({ outcome: "done", reason: "" }),
    );
    const { rows } = await session.query(
      "SELECT count(DISTINCT holder)::integer AS workers FROM lockstep.backfill_range",
    );
    expect(rows[0]?.["workers"]).toBeGreaterThan(1);
    await session.query("UPDATE t SET filled = 0 WHERE k = 77");
    expect((await verifyBackfill(session, job)).left).toBe(1);
  },
);

it(
  "leaves vacuuming alone when told, and says when the role may not",
  { timeout: 120_000 },
  async () => {
    const { url, session } = await tableOf(
      40_000,
      "CREATE ROLE not_owner LOGIN PASSWORD 'x' IN ROLE pg_monitor",
    );
    await using _ = session;
    await session.batch(
      "GRANT SELECT, UPDATE ON t TO not_owner; GRANT USAGE ON SCHEMA lockstep TO not_owner; GRANT ALL ON ALL TABLES IN SCHEMA lockstep TO not_owner",
    );
    const own = new URL(url);
    own.username = "not_owner";
    own.password = "x";
    // Slow enough that there is a look between the batches.
    const set = "filled = 1 + CASE t.k % 40 WHEN 0 THEN length(pg_sleep(0.0005)::text) ELSE 0 END";
    await using silent = steer({
      url,
      job: { ...job, id: "p1/2", todo: "t.k > 39000 AND t.filled = 0" },
      steering,
      vacuum: false,
    });
    expect((await silent.result).outcome).toBe("done");
    expect(silent.events.filter(({ type }) => type === "backfill.vacuumed")).toEqual([]);
    await using running = steer({ url: own.href, job: { ...job, set }, steering });
    const told = await running.next("backfill.vacuumed");
    expect(told).toMatchObject({
      outcome: "skipped",
      reason: 'permission denied to vacuum "t", skipping it',
    });
    expect((await running.result).outcome).toBe("done");
  },
);

it("says of rejected rows which and why, and fills them when they were put right", async () => {
  const { url, session } = await tableOf(
    2_000,
    "ALTER TABLE t ADD COLUMN n integer; UPDATE t SET v = k::text; UPDATE t SET v = 'seven' WHERE k IN (7, 1400)",
  );
  await using _ = session;
  const converting = { ...job, set: "filled = 1, n = t.v::integer" };
  const { outcome, status } = await runBackfill({ url, job: converting, steering });
  expect(outcome).toBe("rejected");
  const why = { sqlstate: "22P02", message: 'invalid input syntax for type integer: "seven"' };
  expect(status.rejected).toEqual([
    { key: ["7"], ...why },
    { key: ["1400"], ...why },
  ]);
  expect((await verifyBackfill(session, converting)).left).toBe(2);
  await session.query("UPDATE t SET v = '77' WHERE k = 7");
  await session.query("DELETE FROM t WHERE k = 1400");
  const again = (await readJob(session, job.id))!;
  expect(await retryRejected(session, again)).toEqual({ settled: 2, rejected: 0 });
  expect((await runBackfill({ url, job: converting, steering })).outcome).toBe("done");
  expect(await session.queryArrays("SELECT n FROM t WHERE k = 7")).toEqual([[77]]);
});

it("keeps a row rejected that still cannot be filled, with its new reason", async () => {
  const { url, session } = await tableOf(
    10,
    "ALTER TABLE t ADD COLUMN n smallint; UPDATE t SET v = '1'; UPDATE t SET v = 'x' WHERE k IN (3, 4)",
  );
  await using _ = session;
  const set = "filled = t.filled + 1, n = t.v::smallint";
  const converting = { ...job, set, todo: "true", once: true };
  await runBackfill({ url, job: converting, steering, signal: AbortSignal.abort() });
  // Of what is visited once, a row that comes behind all others is none.
  await session.query("INSERT INTO t VALUES (11, 0, '1')");
  await runBackfill({ url, job: converting, steering });
  expect(await session.queryArrays("SELECT k FROM t WHERE filled = 0")).toEqual([[3], [4], [11]]);
  await session.batch("UPDATE t SET v = '99999' WHERE k = 3; UPDATE t SET v = '4' WHERE k = 4");
  const again = (await readJob(session, job.id))!;
  // Somebody holds the row for longer than it is waited for.
  await using holder = await Session.open({ url, applicationName: "holder" });
  await holder.query("BEGIN");
  await holder.query("SELECT FROM t WHERE k = 4 FOR UPDATE");
  expect(await retryRejected(session, again)).toEqual({ settled: 0, rejected: 2 });
  const outOfRange = {
    key: ["3"],
    sqlstate: "22003",
    message: 'value "99999" is out of range for type smallint',
  };
  expect((await readBackfill(session, job.id))?.rejected).toEqual([
    outOfRange,
    { key: ["4"], sqlstate: "55P03", message: expect.stringContaining("lock timeout") },
  ]);
  // The same on another machine, which has not committed yet: the row is visited by one of them.
  await holder.batch(
    "DELETE FROM lockstep.backfill_reject WHERE key = '{4}'; UPDATE t SET filled = filled + 1, n = 4 WHERE k = 4",
  );
  let isOver = false;
  const retried = retryRejected(session, again).finally(() => (isOver = true));
  while (!isOver) {
    const { rowCount } = await holder.query("SELECT FROM pg_locks WHERE NOT granted");
    if (rowCount! > 0) break;
  }
  await holder.query("COMMIT");
  await retried;
  expect(await session.queryArrays("SELECT n, filled FROM t WHERE k = 4")).toEqual([[4, 1]]);
  expect((await readBackfill(session, job.id))?.rejected).toEqual([outOfRange]);
});

it("refuses to go on with something else under the same id, or when its key is gone", async () => {
  const { url, session } = await tableOf(
    10,
    "ALTER TABLE t ADD COLUMN other integer NOT NULL DEFAULT 0",
  );
  await using _ = session;
  await runBackfill({ url, job, steering, signal: AbortSignal.abort() });
  const edited = await failureOf(() =>
    runBackfill({ url, job: { ...job, set: "filled = 2" }, steering }),
  );
  expect(edited.code).toBe("backfill-changed");
  expect(edited.found).toBe("set: filled = 2");
  await session.batch("ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (v)");
  expect((await failureOf(() => runBackfill({ url, job, steering }))).code).toBe(
    "backfill-changed",
  );
  await session.batch("CREATE UNIQUE INDEX again ON t (k); ALTER TABLE t ALTER k SET NOT NULL");
  expect((await runBackfill({ url, job, steering })).outcome).toBe("done");
  // A step that comes after it may put another key in its place.
  await session.query("DROP INDEX again");
  expect((await runBackfill({ url, job, steering })).outcome).toBe("done");
});

it(
  "is seen from elsewhere while it works, ends when it is paused, and goes on",
  { timeout: 120_000 },
  async () => {
    const { url, session } = await tableOf(30_000);
    await using _ = session;
    const slow = { ...job, set: "filled = 1 + length(pg_sleep(0.0005)::text)" };
    await using running = steer({ url, job: slow, steering, name: "machine 1" });
    await running.next(
      "backfill.progress",
      ({ passed, remaining }) => passed > 0 && remaining !== null,
    );
    const seen = await readBackfill(session, job.id);
    expect(seen).toMatchObject({
      state: "running",
      workers: ["machine 1"],
      processes: [{ name: "machine 1", workers: 1, verdict: "go", reasons: [] }],
    });
    expect(seen!.rowsPerSecond).toBeGreaterThan(0);
    expect(seen!.remaining!.most).toBeGreaterThanOrEqual(seen!.remaining!.least);
    await setPaused(session, job.id, true);
    const { outcome, status } = await running.result;
    expect([outcome, status.state, status.processes]).toEqual(["paused", "paused", []]);
    expect(status.passed).toBeLessThan(30_000);
    await setPaused(session, job.id, false);
    const quick = { ...slow };
    await using second = steer({ url, job: quick, steering });
    await second.next("backfill.progress", ({ passed }) => passed > status.passed);
  },
);

it("opens a lost connection again and goes on", { timeout: 120_000 }, async () => {
  const { url, session } = await tableOf(3_000);
  await using _ = session;
  const slow = {
    ...job,
    set: "filled = t.filled + 1 + length(pg_sleep(0.0005)::text)",
    todo: "true",
  };
  await using running = steer({ url, job: slow, steering });
  await running.settled(isGo);
  for (let n = 0; n < 2; n++) {
    await running.next("backfill.progress");
    await session.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lockstep/backfill' AND datname = current_database()",
    );
  }
  expect((await running.result).outcome).toBe("done");
  expect(await session.queryArrays("SELECT filled, count(*)::integer FROM t GROUP BY 1")).toEqual([
    [1, 3_000],
  ]);
});

it("T31: names the application's triggers that fire for each row, and lets them tell a fill of its own", async () => {
  const { url, session } = await tableOf(
    20,
    `CREATE TABLE audit (k integer, flag integer);
     ALTER TABLE t ADD COLUMN "lockstep_p1" integer NOT NULL DEFAULT 0;
     CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO audit VALUES (NEW.k, NEW.lockstep_p1); RETURN NEW; END $$;
     CREATE TRIGGER t_audit AFTER UPDATE ON t FOR EACH ROW
       WHEN (current_setting('lockstep.backfill', true) IS DISTINCT FROM 'on') EXECUTE FUNCTION audited();
     CREATE TRIGGER t_new AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION audited();
     CREATE TRIGGER t_off AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION audited();
     ALTER TABLE t DISABLE TRIGGER t_off;
     UPDATE t SET v = v WHERE k = 3`,
  );
  await using _ = session;
  const flag = quoteIdent(flagColumn("p1"));
  const own = { ...job, set: `${flag} = 1`, todo: `t.${flag} = 0` };
  // What the migration itself writes, by a name that looks like it.
  const meant = { ...job, id: "p1/2", set: `${flag} = (2)`, todo: `(t.${flag} = 1 AND t.k < 5)` };
  const told: string[] = [];
  for (const each of [own, meant]) {
    await using running = steer({ url, job: each, steering });
    expect((await running.result).outcome).toBe("done");
    told.push(...running.events.flatMap((one) => (one.type === "notice" ? [one.message] : [])));
  }
  const names = 'triggers of "public"."t" fire for filled rows too: t_audit; ';
  expect(told).toEqual([
    `${names}they can tell by current_setting('lockstep.backfill', true)`,
    `${names}as for any other UPDATE`,
  ]);
  expect(await session.queryArrays("SELECT k, flag FROM audit ORDER BY flag, k")).toEqual([
    [3, 0],
    ...[1, 2, 3, 4].map((k) => [k, 2]),
  ]);
});

it("vacuums also where nothing tells how the application fares", { timeout: 120_000 }, async () => {
  const { url, session } = await tableOf(60_000);
  await using _ = session;
  await using running = steer({ url, job, steering: { ignore: ["sessions", "wal"] } });
  expect(await running.next("backfill.vacuumed")).toMatchObject({ outcome: "done" });
  expect(running.events.filter(({ type }) => type === "backfill.steered")).toMatchObject([
    { verdict: "slow", reasons: [{ signal: "latency", value: null }] },
  ]);
});
