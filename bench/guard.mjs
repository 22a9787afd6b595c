/**
 * What writers pay while a unique index has a second one beside it, for the triggers by which they wait for each other
 * (docs/phases.md), and what these spare them: the same statements with them and without, the other triggers of the plan
 * stay. Usage: npm run bench:guard [-- --rounds 9 --major 18]
 */
import { parseArgs } from "node:util";
import { Session } from "../dist/pg/index.js";
import { fillSql, makePlan } from "../dist/plan/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { withSession } from "./with-session.mjs";
import { compare, report } from "./measure.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "9" },
    major: { type: "string", default: "18" },
  },
});
const major = Number(values.major);
const scratch = await startScratch({ major });
const base = `
CREATE TABLE post (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, url text UNIQUE, n integer NOT NULL DEFAULT 0);
CREATE TABLE counter (url text PRIMARY KEY, n integer NOT NULL DEFAULT 0);
CREATE INDEX ON counter (n);
CREATE SCHEMA lockstep;`;
const database = await scratch.createDatabase();
const { url } = database;
const sessions = await Promise.all(
  Array.from({ length: 8 }, () => Session.open({ url, applicationName: "bench" })),
);
const [first] = sessions;

let made = 0;
const each = (count, sql) => async () => {
  for (let n = 0; n < count; n++) await first.query(sql(n));
};
const works = {
  "INSERT, 3,000 transactions, one session": each(3000, () => insert()),
  "INSERT, 3,000 transactions, four sessions": () =>
    Promise.all(
      sessions.slice(0, 4).map(async (session) => {
        for (let n = 0; n < 750; n++) await session.query(insert());
      }),
    ),
  "INSERT of 20,000 rows": each(
    1,
    () => "INSERT INTO post (url) SELECT 'r' || n FROM generate_series(1, 20000) n",
  ),
  "UPDATE that leaves the key, 3,000 transactions": each(
    3000,
    (n) => `UPDATE post SET n = n + 1 WHERE url = '${1 + (n % 1000)}'`,
  ),
  "upsert of a row that is there, 3,000 transactions": each(3000, (n) =>
    upsert("post", 1 + (n % 1000), "url"),
  ),
  "UPDATE of 20,000 rows, which leaves the key": each(1, () => "UPDATE post SET n = n + 1"),
};

function insert() {
  return `INSERT INTO post (url) VALUES ('m${made++}')`;
}

function upsert(table, key, column) {
  return `INSERT INTO ${table} (${column}) VALUES ('${key}') ON CONFLICT (${column}) DO UPDATE SET n = ${table}.n + 1`;
}

/** Eight sessions at once; each statement is a transaction. */
const crowds = {
  "upserts, each key new and of two sessions at once": crowd(750, (at, n) => [
    upsert("counter", `n${n}-${at >> 1}`, at % 2 ? "url" : "address"),
  ]),
  "upserts of two rows": crowd(1500, (at, n) => [
    upsert("counter", `k${n % 2}`, (at + n) % 2 ? "url" : "address"),
  ]),
  "upserts and UPDATEs of two rows": crowd(1500, (at, n) => [
    at % 2
      ? `UPDATE counter SET n = n + 1 WHERE url = 'k${n % 2}'`
      : upsert("counter", `k${n % 2}`, n % 4 < 2 ? "url" : "address"),
  ]),
  "INSERTs with DO NOTHING and UPDATEs of two rows": crowd(1500, (at, n) => [
    at % 2
      ? `UPDATE counter SET n = n + 1 WHERE url = 'k${n % 2}'`
      : upsert("counter", `k${n % 2}`, n % 4 < 2 ? "url" : "address").replace(
          /DO .*/,
          "DO NOTHING",
        ),
  ]),
  "upserts of one row, which one session deletes before its own": crowd(1500, (at, n) => [
    ...(at === 0 ? ["DELETE FROM counter WHERE url = 'k0'"] : []),
    upsert("counter", "k0", n % 2 ? "url" : "address"),
  ]),
  "upserts of one row, which each session deletes before": crowd(1000, (_, n) => [
    "DELETE FROM counter WHERE url = 'k0'",
    upsert("counter", "k0", n % 2 ? "url" : "address"),
  ]),
};

function crowd(times, statements) {
  return async () => {
    let [sent, failed] = [0, 0];
    await Promise.all(
      sessions.map(async (session, at) => {
        for (let n = 0; n < times; n++)
          for (const sql of statements(at, n)) {
            sent++;
            try {
              await session.query(sql);
            } catch (error) {
              if (!["23505", "40P01"].includes(error.code)) throw error;
              failed++;
            }
          }
      }),
    );
    return { sent, failed };
  };
}

try {
  const sql =
    "ALTER TABLE post RENAME COLUMN url TO address; ALTER TABLE counter RENAME COLUMN url TO address";
  await first.batch(base);
  const planned = await scratch.createDatabase();
  await withSession(planned.url, (session) => session.batch(base));
  const { plan } = await makePlan({ id: "p", url: planned.url, major, file: "p.sql", sql });
  for (const step of [...plan.expand, ...plan.backfill])
    if (step.kind === "fill") await first.query(fillSql(step));
    else if (step.kind === "outside") await first.query(step.statement);
    else await first.batch(["BEGIN", ...step.statements, "COMMIT"].join(";\n"));

  const options = { rounds: Number(values.rounds), base: "without" };
  for (const [title, work] of Object.entries(works)) {
    const contenders = Object.fromEntries(
      [false, true].map((guarded) => [
        guarded ? "with" : "without",
        async () => {
          await first.batch(
            "TRUNCATE post; INSERT INTO post (url) SELECT n FROM generate_series(1, 20000) n;",
          );
          await first.query("VACUUM ANALYZE post");
          await switchTo(guarded);
          const started = performance.now();
          await work();
          return performance.now() - started;
        },
      ]),
    );
    report(title, await compare(contenders, options), options.base);
  }

  process.stdout.write("\nfailed, with 23505 or 40P01\n");
  for (const [title, crowd] of Object.entries(crowds))
    for (const guarded of [false, true]) {
      await first.batch("TRUNCATE counter; INSERT INTO counter (url) VALUES ('k0'), ('k1')");
      await switchTo(guarded);
      const { sent, failed } = await crowd();
      process.stdout.write(`  ${guarded ? "with   " : "without"}  ${failed} of ${sent} ${title}\n`);
    }
} finally {
  for (const session of sessions) await session.close();
  await scratch.close();
}

/** Both triggers of both tables, on or off. */
async function switchTo(guarded) {
  const how = guarded ? "ENABLE ALWAYS" : "DISABLE";
  for (const table of ["post", "counter"])
    await first.batch(
      `ALTER TABLE ${table} ${how} TRIGGER "~~lockstep_p"; ALTER TABLE ${table} ${how} TRIGGER "~~~lockstep_p"`,
    );
}
