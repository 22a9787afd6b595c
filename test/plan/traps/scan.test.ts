import { afterAll, beforeAll, expect, it } from "vitest";
import {
  readBackfill,
  runBackfill,
  verifyBackfill,
  work,
  type Job,
} from "../../../src/backfill/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { dualWriteStatements } from "../../../src/plan/dual-writes/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { jobOn, steady, workOn } from "../../backfill/support.ts";
import { endedOrWaiting, pidOf } from "./schedule.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

const table = '"public"."person"';

async function database(setUp: readonly string[]) {
  const { url } = await scratch.createDatabase();
  const session = await Session.open({ url, applicationName: "set-up" });
  await session.query("CREATE SCHEMA lockstep");
  for (const statement of setUp) await session.query(statement);
  return { url, session };
}

/** `person` with rows of 1 to 200, whose `label` is to be `upper(name)`. */
const person = [
  "CREATE TABLE person (id integer PRIMARY KEY, name text, label text)",
  "INSERT INTO person (id, name) SELECT n, 'n' || n FROM generate_series(1, 200) n",
];

const dualWrites = () =>
  dualWriteStatements({
    plan: "p1",
    table: { schema: "public", name: "person" },
    mappings: [
      {
        old: [{ name: "name", type: "text", from: "lower(label)", nullable: true }],
        new: [{ name: "label", type: "text", from: "upper(name)", nullable: true }],
      },
    ],
    searchPath: ["public"],
  });

/** The same after the expand phase, with the backfill that a plan has. */
async function expanded(setUp = person) {
  const { url, session } = await database(setUp);
  const { start, flag } = await dualWrites();
  await session.batch(["BEGIN", ...start, "COMMIT"].join(";\n"));
  const job = await jobOn(session, table, { set: `${flag} = 1`, todo: `t.${flag} = 0` });
  const apart = () =>
    session.queryArrays(
      `SELECT id, name, label, ${flag} FROM person WHERE label IS DISTINCT FROM upper(name) OR ${flag} = 0`,
    );
  return { url, session, job, apart, flag };
}

/** A worker that is asked before each batch what is to be done first. */
async function workAsking(
  url: string,
  job: Job,
  before: (batch: number) => Promise<void>,
  rows = 20,
) {
  await using own = await Session.open({ url, applicationName: "worker" });
  let batches = 0;
  const pace = { ...steady(rows), ready: () => before(++batches) };
  return await work(own, { job, holderName: "worker", pace, rangeRows: 80, stopped: () => false });
}

it("T17: a row that somebody has changed, but not committed, is filled from what it becomes", async () => {
  const { url, session, job, apart } = await expanded();
  await using _ = session;
  await using writer = await Session.open({ url, applicationName: "writer" });
  await writer.query("BEGIN");
  await writer.query("UPDATE person SET name = 'becomes' WHERE id = 30");
  const done = workOn(url, job);
  for (;;) {
    const waiting = await session.queryArrays(
      "SELECT FROM pg_stat_activity WHERE application_name = 'worker' AND datname = current_database() AND wait_event_type = 'Lock'",
    );
    if (waiting.length > 0) break;
  }
  await writer.query("COMMIT");
  expect(await done).toBe("done");
  expect(await apart()).toEqual([]);
  expect(await session.queryArrays("SELECT label FROM person WHERE id = 30")).toEqual([
    ["BECOMES"],
  ]);
});

it("T18: dual writes begin when writers of before have ended, and their rows count as unfilled", async () => {
  const { url, session } = await database(person);
  await using _ = session;
  await using writer = await Session.open({ url, applicationName: "writer" });
  await using runner = await Session.open({ url, applicationName: "runner" });
  const pid = await pidOf(runner);
  await writer.query("BEGIN");
  await writer.query("INSERT INTO person (id, name) VALUES (201, 'late')");
  const { start, flag } = await dualWrites();
  const began = runner.batch(["BEGIN", ...start, "COMMIT"].join(";\n"));
  await endedOrWaiting(session, began, pid);
  await writer.query("INSERT INTO person (id, name) VALUES (202, 'later')");
  await writer.query("COMMIT");
  await began;
  expect(await verifyBackfill(session, { table, todo: `t.${flag} = 0` })).toMatchObject({
    rows: 202,
    left: 202,
  });
});

it("T19: rows that come or move behind the cursor are filled by the triggers", async () => {
  const { url, session, job, apart } = await expanded();
  await using _ = session;
  const end = await workAsking(url, job, async (batch) => {
    await session.query("INSERT INTO person (id, name) VALUES ($1, 'behind')", [-batch]);
    await session.query("UPDATE person SET id = -100 - id, name = 'moved' WHERE id = $1", [
      200 - batch,
    ]);
  });
  expect(end).toBe("done");
  expect(await apart()).toEqual([]);
  expect(await verifyBackfill(session, job)).toMatchObject({ left: 0 });
});

it.each([
  "",
  "enable_indexscan enable_bitmapscan",
  "enable_seqscan enable_hashjoin enable_mergejoin",
  "enable_nestloop enable_sort enable_indexonlyscan",
])(
  "T23: a key of several columns is gone through once, whatever plans the server makes; without: %s",
  async (off) => {
    const { url, session } = await database([
      "CREATE TABLE person (a integer, b text, filled boolean NOT NULL DEFAULT false, passes integer NOT NULL DEFAULT 0, PRIMARY KEY (a, b))",
      "INSERT INTO person SELECT n % 7, md5(n::text) FROM generate_series(1, 600) n",
    ]);
    await using _ = session;
    const { rows } = await session.query("SELECT quote_ident(current_database()) AS name");
    for (const setting of off.split(" ").filter((name) => name !== ""))
      await session.query(`ALTER DATABASE ${String(rows[0]?.["name"])} SET ${setting} = off`);
    const job = await jobOn(session, table, {
      set: "filled = true, passes = t.passes + 1",
      todo: "true",
    });
    const ends = await Promise.all(["a", "b"].map((name) => workOn(url, job, { name })));
    expect(ends).toEqual(["done", "done"]);
    expect(
      await session.queryArrays("SELECT passes, count(*)::integer FROM person GROUP BY 1"),
    ).toEqual([[1, 600]]);
  },
);

it("T27: between batches a worker has no transaction and no snapshot, and in one it has a new one", async () => {
  const { url, session, job } = await expanded();
  await using _ = session;
  const seen: unknown[] = [];
  await workAsking(url, job, async () => {
    seen.push(
      ...(await session.queryArrays(
        "SELECT state, backend_xmin, backend_xid, xact_start FROM pg_stat_activity WHERE application_name = 'worker' AND datname = current_database()",
      )),
    );
  });
  expect(seen.length).toBeGreaterThan(9);
  expect(new Set(seen.map((one) => JSON.stringify(one)))).toEqual(
    new Set([JSON.stringify(["idle", null, null, null])]),
  );
  // Each batch has committed by itself.
  const versions = await session.queryArrays("SELECT DISTINCT xmin FROM person");
  expect(versions.length).toBeGreaterThan(9);
});

it("T30: a volatile value is written once: a second run changes nothing", async () => {
  const { url, session } = await database([
    "CREATE TABLE person (id integer PRIMARY KEY, v float8)",
    "INSERT INTO person SELECT n FROM generate_series(1, 300) n",
  ]);
  await using _ = session;
  const volatile = { set: "v = random()", todo: "t.v IS NULL" };
  const first = await jobOn(session, table, volatile);
  expect(await workOn(url, first)).toBe("done");
  const before = await session.queryArrays("SELECT * FROM person ORDER BY id");
  const again = await jobOn(session, table, { ...volatile, id: "p1/2" });
  expect(await workOn(url, again)).toBe("done");
  expect(await readBackfill(session, again.id)).toMatchObject({ passed: 300, changed: 0 });
  expect(await session.queryArrays("SELECT * FROM person ORDER BY id")).toEqual(before);
});

it("T36: what is counted is one snapshot: never a row too many beside writers, and each one that is wrong", async () => {
  const { url, session, job, flag } = await expanded();
  await using _ = session;
  expect(
    (await runBackfill({ url, job, steering: { ignore: ["latency", "sessions", "wal"] } })).outcome,
  ).toBe("done");
  await session.query("CREATE SEQUENCE ids START 1000");
  let written = 0;
  let isOver = false;
  const writers = ["name", "label"].map(async (column) => {
    await using own = await Session.open({ url, applicationName: column });
    for (; !isOver; written++) {
      await own.query(`UPDATE person SET ${column} = 'W' || $1 WHERE id = 1 + $1::integer % 200`, [
        written,
      ]);
      await own.query(`INSERT INTO person (id, ${column}) VALUES (nextval('ids'), 'new')`);
    }
  });
  for (let count = 0, from = written; count < 10 || written < from + 200; count++)
    expect(await verifyBackfill(session, job)).toMatchObject({ left: 0 });
  isOver = true;
  await Promise.all(writers);
  await session.batch(
    `ALTER TABLE person DISABLE TRIGGER USER; UPDATE person SET ${flag} = 0 WHERE id = 77; ALTER TABLE person ENABLE TRIGGER USER`,
  );
  expect(await verifyBackfill(session, job)).toMatchObject({ left: 1 });
});
