import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  findKey,
  readBackfill,
  readJob,
  retryRejected,
  runBackfill,
  verifyBackfill,
  work,
  type Job,
} from "../../src/backfill/index.ts";
import { aheadSql } from "../../src/backfill/ahead.ts";
import { fillSql, inside } from "../../src/backfill/fill.ts";
import { cursorAt, filesOf } from "../../src/backfill/place.ts";
import type { EventBody } from "../../src/events/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { failureOf } from "../support/failure.ts";
import { nextLine, spawnTypescript } from "../support/run-typescript.ts";
import { jobOn, pagesOf, steady, workOn } from "./support.ts";

/** Nothing of the machine's other work may steer these. */
const steering = { ignore: ["latency", "sessions", "wal"] } as const;

const columns =
  "v integer, filled boolean NOT NULL DEFAULT false, passes integer NOT NULL DEFAULT 0, pad text DEFAULT repeat('x', 100)";
const set = "filled = true, passes = t.passes + 1";

describe.each([14, 18])("a table without a key, on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  /** A database with these tables, and a backfill of `t`. */
  async function begun(setUp: readonly string[], given: Partial<Job> = {}) {
    const { url } = await scratch.createDatabase();
    const session = await Session.open({ url, applicationName: "set-up" });
    for (const statement of setUp) await session.query(statement);
    const job = await jobOn(session, '"public"."t"', { set, todo: "NOT t.filled", ...given });
    const passes = () =>
      session.queryArrays("SELECT passes, count(*)::integer FROM t GROUP BY 1 ORDER BY 1");
    return { url, session, job, passes };
  }

  const plain = (rows: number) => [
    `CREATE TABLE t (${columns})`,
    `INSERT INTO t SELECT n FROM generate_series(1, ${rows}) n`,
  ];

  /** Goes through the first rows of a backfill and stops. */
  async function goPart(url: string, job: Job, batches: number, rows = 100): Promise<void> {
    let done = 0;
    const stopped = () => done++ >= batches;
    expect(await workOn(url, job, { rows, rangeRows: 1_000, stopped })).toBe("stopped");
  }

  it.each([
    ["a table", plain(3_000), 3_000],
    [
      "partitions of two levels, one of them with other columns before",
      [
        `CREATE TABLE t (${columns}) PARTITION BY LIST (v)`,
        `CREATE TABLE "P ""1" (gone integer, ${columns})`,
        `ALTER TABLE "P ""1" DROP COLUMN gone`,
        `ALTER TABLE t ATTACH PARTITION "P ""1" FOR VALUES IN (1)`,
        "CREATE TABLE rest PARTITION OF t DEFAULT PARTITION BY RANGE (v)",
        "CREATE TABLE low PARTITION OF rest FOR VALUES FROM (0) TO (3)",
        "CREATE TABLE high PARTITION OF rest FOR VALUES FROM (3) TO (9)",
        "INSERT INTO t SELECT n % 6 FROM generate_series(1, 3000) n",
      ],
      3_000,
    ],
    [
      "heirs, whatever key the table has itself",
      [
        `CREATE TABLE t (k serial PRIMARY KEY, ${columns})`,
        `CREATE TABLE heir (own integer) INHERITS (t)`,
        `CREATE TABLE other (${columns})`,
        `CREATE TABLE "Grand Child" (more text) INHERITS (heir)`,
        ...["t", "heir", '"Grand Child"'].map(
          (name) => `INSERT INTO ${name} (k) SELECT n FROM generate_series(1, 700) n`,
        ),
      ],
      2_100,
    ],
  ] as const)("is filled by several workers, every row once: %s", async (_, setUp, rows) => {
    const { url, session, job, passes } = await begun(setUp);
    await using _session = session;
    expect(job.key).toBeNull();
    await session.query(
      "UPDATE t SET filled = true, passes = 7 WHERE ctid = (SELECT ctid FROM t WHERE tableoid = (SELECT min(tableoid::oid) FROM t) LIMIT 1) AND tableoid = (SELECT min(tableoid::oid) FROM t)",
    );
    const ends = await Promise.all(
      ["a", "b", "c"].map((name) => workOn(url, job, { name, rows: 40, rangeRows: 200 })),
    );
    expect(ends).toEqual(["done", "done", "done"]);
    expect(await passes()).toEqual([
      [1, rows - 1],
      [7, 1],
    ]);
    expect(await readBackfill(session, job.id)).toMatchObject({ changed: rows - 1, pass: 1 });
  });

  it("T24: goes through a table again that was written anew in the middle", async () => {
    const { url, session, job, passes } = await begun([
      ...plain(3_000),
      "DELETE FROM t WHERE v <= 1500",
    ]);
    await using _ = session;
    await goPart(url, job, 12);
    await session.query("VACUUM FULL t");
    expect(await workOn(url, job, { rangeRows: 1_000 })).toBe("done");
    expect(await passes()).toEqual([[1, 1_500]]);
  });

  it("T24: changes nothing in a batch that was begun for the file of before", async () => {
    const { url, session, job, passes } = await begun(plain(1_000));
    await using _ = session;
    await using slow = await Session.open({ url, applicationName: "slow" });
    let batches = 0;
    const end = await work(slow, {
      job,
      holderName: "slow",
      rangeRows: 1_000_000,
      stopped: () => false,
      pace: {
        ...steady(100),
        // Between two batches of one range.
        ready: async () => {
          if (++batches === 3) await session.query("VACUUM FULL t");
        },
      },
    });
    expect(end).toBe("done");
    expect(await passes()).toEqual([[1, 1_000]]);
    expect(
      await session.queryArrays("SELECT number, changed FROM lockstep.backfill_range ORDER BY 1"),
    ).toEqual([
      [1, "200"],
      [2, "800"],
    ]);
  });

  // What follows does not hang on the version.
  if (major === 14) return;

  it(
    "is filled while workers are killed and others write, with triggers as a plan has them",
    { timeout: 120_000 },
    async () => {
      const { url, session, job } = await begun([
        ...plain(6_000),
        "ALTER TABLE t ADD made integer",
        `CREATE FUNCTION made() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.made := NEW.v * 2; NEW.filled := true; RETURN NEW; END'`,
        "CREATE TRIGGER made BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION made()",
      ]);
      await using _ = session;
      let isOver = false;
      const writer = (async () => {
        await using own = await Session.open({ url, applicationName: "writer" });
        for (let n = 0; !isOver; n++) {
          await own.query(
            "UPDATE t SET v = v + 10000 WHERE ctid = ANY (ARRAY(SELECT ctid FROM t WHERE v % 97 = $1 LIMIT 5))",
            [n % 97],
          );
          await own.query("INSERT INTO t (v) VALUES ($1)", [n]);
          if (n % 5 === 0) await own.query("VACUUM t");
        }
      })();
      for (let n = 0; n < 3; n++) {
        const child = spawnTypescript(join(import.meta.dirname, "child.ts"), [url, job.id]);
        await nextLine(child);
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      expect((await readBackfill(session, job.id))?.passed).toBeGreaterThan(0);
      const ends = await Promise.all(
        ["a", "b"].map((name) => workOn(url, job, { name, rangeRows: 500 })),
      );
      isOver = true;
      await writer;
      expect(ends).toEqual(["done", "done"]);
      expect((await runBackfill({ url, job, steering })).outcome).toBe("done");
      expect(
        await session.queryArrays("SELECT FROM t WHERE NOT filled OR made IS DISTINCT FROM v * 2"),
      ).toEqual([]);
    },
  );

  it("a batch touches its own blocks and no others, where nothing was analyzed too", async () => {
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "set-up" });
    await session.batch(
      `CREATE TABLE t (${columns}) WITH (autovacuum_enabled = off); INSERT INTO t SELECT generate_series(1, 20000)`,
    );
    const job: Job = { id: "p1/1", table: "t", key: null, set, todo: "NOT t.filled" };
    const file = (await filesOf(session, "t"))[0]!;
    const upto = cursorAt(0, file.blocks);
    const range = { number: 1, fence: "1", relation: "t", file, reached: cursorAt(0, 0), upto };
    const from = cursorAt(0, 200);
    expect(file.blocks).toBeGreaterThan(300);
    for (const analyzed of [false, true]) {
      if (analyzed) await session.query("ANALYZE t");
      const ahead = await pagesOf(session, aheadSql(job, range, from, 200));
      const filled = await pagesOf(
        session,
        fillSql(job, "t", inside(job, from, cursorAt(0, 205)), true),
      );
      // Each row that is changed: its own block, and the one where it goes.
      expect([ahead < 20, filled < 200 * 5]).toEqual([true, true]);
    }
  });

  it("goes on when a partition is dropped in the middle, or gets another name", async () => {
    const { url, session, job, passes } = await begun([
      `CREATE TABLE t (${columns}) PARTITION BY RANGE (v)`,
      "CREATE TABLE p1 PARTITION OF t FOR VALUES FROM (0) TO (1000)",
      "CREATE TABLE p2 PARTITION OF t FOR VALUES FROM (1000) TO (2000)",
      "CREATE TABLE p3 PARTITION OF t FOR VALUES FROM (2000) TO (3000)",
      "INSERT INTO t SELECT n FROM generate_series(0, 2999) n",
    ]);
    await using _ = session;
    await using own = await Session.open({ url, applicationName: "own" });
    let batches = 0;
    const end = await work(own, {
      job,
      holderName: "own",
      rangeRows: 1_000_000,
      stopped: () => false,
      pace: {
        ...steady(100),
        ready: async () => {
          batches++;
          if (batches === 5) await session.query("ALTER TABLE p1 RENAME TO q1");
          if (batches === 15) await session.query("DROP TABLE p2");
        },
      },
    });
    expect(end).toBe("done");
    expect(await passes()).toEqual([[1, 2_000]]);
  });

  it("T24: passes over it again for rows that have moved behind, which no trigger has filled", async () => {
    const { url, session, job } = await begun([
      ...plain(3_000),
      "DELETE FROM t WHERE v <= 1500",
      "VACUUM (TRUNCATE off) t",
    ]);
    await using _ = session;
    await goPart(url, job, 5);
    // They take the place of those that are deleted, where the backfill has been.
    await session.query("UPDATE t SET v = v WHERE v BETWEEN 2500 AND 2600");
    const events: EventBody[] = [];
    const emit = (event: EventBody) => void events.push(event);
    expect((await runBackfill({ url, job, steering, emit })).outcome).toBe("done");
    expect(events.filter(({ type }) => type === "notice")).toEqual([
      expect.objectContaining({
        message: expect.stringMatching(
          /^101 rows of "public"."t" are still to be filled after pass 1 over it: .* another pass follows$/,
        ),
      }),
    ]);
    expect(await verifyBackfill(session, job)).toMatchObject({ rows: 1_500, left: 0 });
    expect(await readBackfill(session, job.id)).toMatchObject({ state: "done", pass: 2 });
  });

  it("ends when rows come all the time that nobody fills, and says how many", async () => {
    const { url, session, job } = await begun([
      ...plain(500),
      // Each row that is filled makes one that is not.
      "CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO t (v) VALUES (NEW.v); RETURN NULL; END'",
      "CREATE TRIGGER more AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION more()",
    ]);
    await using _ = session;
    const messages: string[] = [];
    const emit = (event: EventBody) => {
      if (event.type === "notice") messages.push(event.message);
    };
    expect((await runBackfill({ url, job, steering, emit })).outcome).toBe("done");
    expect(messages.at(-1)).toMatch(/^500 rows .* after pass 2 over it: .* no other pass is made$/);
    expect((await verifyBackfill(session, job)).left).toBe(500);
  });

  it("names a rejected row by its place and its values, and fills it when it was put right", async () => {
    const { url, session, job } = await begun(
      [...plain(1_000), "UPDATE t SET v = 0 WHERE v = 400"],
      { set: "filled = true, passes = 100 / t.v" },
    );
    await using _ = session;
    const [[place]] = (await session.queryArrays("SELECT ctid::text FROM t WHERE v = 0")) as [
      [string],
    ];
    const { outcome, status } = await runBackfill({ url, job, steering });
    expect(outcome).toBe("rejected");
    expect(status.rejected).toEqual([
      {
        key: [`ctid ${place} of "public"."t"`, `(0,f,0,${"x".repeat(93)}`],
        sqlstate: "22012",
        message: "division by zero",
      },
    ]);
    expect((await verifyBackfill(session, job)).left).toBe(1);
    expect((await runBackfill({ url, job, steering })).status.pass).toBe(1);
    await session.query("UPDATE t SET v = 50 WHERE v = 0");
    expect(await retryRejected(session, (await readJob(session, job.id))!)).toEqual({
      settled: 1,
      rejected: 0,
    });
    expect((await runBackfill({ url, job, steering })).outcome).toBe("done");
    expect((await verifyBackfill(session, job)).left).toBe(0);
  });

  it.each([
    ["a view", ["CREATE VIEW t AS SELECT 1 AS v"], '"public"."t" is no table'],
    [
      "a foreign partition",
      [
        "CREATE EXTENSION file_fdw",
        "CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        "CREATE TABLE t (v integer) PARTITION BY LIST (v)",
        "CREATE FOREIGN TABLE far PARTITION OF t FOR VALUES IN (1) SERVER files OPTIONS (filename '/dev/null')",
      ],
      '"public"."far" is a foreign table',
    ],
  ])("refuses %s", async (_, setUp, found) => {
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "set-up" });
    for (const statement of setUp) await session.query(statement);
    const failure = await failureOf(() => findKey(session, '"public"."t"'));
    expect([failure.code, failure.found]).toEqual(["backfill-key", `no key, and ${found}`]);
  });

  it("stops rather than pass over rows that its role may not see, and does not count without them", async () => {
    const { url, session, job } = await begun([
      ...plain(100),
      "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
      "CREATE POLICY low ON t USING (v < 50)",
      `CREATE ROLE seer_${major} LOGIN PASSWORD 'x' IN ROLE pg_monitor`,
      `GRANT SELECT, UPDATE ON t TO seer_${major}`,
    ]);
    await using _ = session;
    for (const grant of ["USAGE ON SCHEMA lockstep", "ALL ON ALL TABLES IN SCHEMA lockstep"])
      await session.query(`GRANT ${grant} TO seer_${major}`);
    const own = new URL(url);
    own.username = `seer_${major}`;
    own.password = "x";
    await expect(workOn(own.href, job)).rejects.toMatchObject({ code: "42501" });
    await using seer = await Session.open({ url: own.href, applicationName: "seer" });
    await expect(verifyBackfill(seer, job)).rejects.toMatchObject({ code: "42501" });
  });
});
