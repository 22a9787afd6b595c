/**
 * Lockstep beside pgroll, on changes that both have a way for: total time and rows a second on a quiet server; then the
 * longest wait of any statement of an application while somebody's transaction that has read the table stays open for a
 * while before each phase. Both work on copies of the same database, with the same `lock_timeout`. fsync is on.
 *
 * Lockstep's time is that of expand, backfill and contract: a plan is made and proven before, on scratch. pgroll's is that
 * of its programs `start` and `complete`. pgroll's releases choose their form by `search_path`, Lockstep's need nothing.
 *
 * pgroll is no part of Lockstep: it is built from its repository, github.com/xataio/pgroll, with `go build`.
 * Usage: npm run --silent build && node bench/pgroll.mjs --pgroll PROGRAM [--rounds 3 --rows 500000 --reader-seconds 10 --lock-timeout 500 --only TEXT]
 */
import { execFile, fork } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { createJiti } from "jiti";
import { runPhase } from "../dist/phases/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { median } from "./measure.mjs";
import { cases } from "./pgroll/cases.mjs";
import { askApplication } from "./stall/ask-application.mjs";
import { planOf } from "./stall/measure.mjs";
import { readFor } from "./stall/readers.mjs";
import { withSession } from "./with-session.mjs";

const { values } = parseArgs({
  options: {
    pgroll: { type: "string" },
    rounds: { type: "string", default: "3" },
    rows: { type: "string", default: "500000" },
    "reader-seconds": { type: "string", default: "10" },
    "lock-timeout": { type: "string", default: "500" },
    only: { type: "string", default: "" },
  },
});
if (values.pgroll === undefined) throw new Error("--pgroll names the program of pgroll");
const [rounds, rows, readerSeconds, lockTimeoutMs] = [
  values.rounds,
  values.rows,
  values["reader-seconds"],
  values["lock-timeout"],
].map(Number);
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "lockstep-pgroll-"));
const { base } = await createJiti(import.meta.url).import("./stall/cases.ts");
const scratch = await startScratch({
  major: 18,
  durable: true,
  settings: {
    shared_buffers: "2GB",
    max_wal_size: "8GB",
    shared_preload_libraries: "pg_stat_statements",
    fsync: "on",
    synchronous_commit: "on",
  },
});
const application = askApplication(
  fork(fileURLToPath(new URL("stall/application.mjs", import.meta.url))),
);

try {
  const of = (count) => scratch.template(`rows ${count}`, (url) => build(url, count));
  const small = { scratch, template: await of(100) };
  const plain = await of(rows);
  // Its event triggers would follow the other's statements too.
  const followed = await scratch.createDatabase({ template: plain });
  await run(values.pgroll, [...onDatabase(followed.url), "init"]);
  await run(values.pgroll, [...onDatabase(followed.url), "baseline", "00_start", folder, "--yes"]);
  const chosen = cases.filter(({ title }) => title.includes(values.only));
  const lines = [];
  for (const [n, one] of chosen.entries()) {
    const contenders = {
      lockstep: {
        template: plain,
        ...lockstep((await planOf(small, one, `case_${n}`)).folder),
      },
      pgroll: { template: followed.name, ...pgroll(one, n) },
    };
    const samples = { lockstep: [], pgroll: [] };
    for (let round = 0; round < rounds; round++)
      for (const [name, carry] of Object.entries(contenders))
        samples[name].push(await timed(carry));
    const waits = {};
    for (const [name, carry] of Object.entries(contenders)) waits[name] = await waited(carry);
    lines.push(...Object.keys(contenders).map((name) => lineOf(one, name, samples, waits[name])));
    process.stdout.write(`${lines.slice(-2).join("\n")}\n`);
  }
  const load = loadavg()[0].toFixed(1);
  process.stdout.write(
    `\n${rows} rows, medians of ${rounds} rounds, lock_timeout ${lockTimeoutMs} ms, a reader of ${readerSeconds} s before each phase, load average ${load}\n\n` +
      `| change | with | time | rows written, a second | longest wait | statements failed |\n| --- | --- | --- | --- | --- | --- |\n${lines.join("\n")}\n`,
  );
} finally {
  application.end();
  await scratch.close();
  rmSync(folder, { recursive: true });
}

async function build(url, count) {
  await withSession(url, async (session) => {
    await session.query("CREATE EXTENSION pg_stat_statements");
    for (const sql of base(count).split(";\n")) await session.query(sql);
  });
}

function onDatabase(url) {
  const limit = ["--lock-timeout", String(lockTimeoutMs)];
  return ["--postgres-url", `${url}${url.includes("?") ? "&" : "?"}sslmode=disable`, ...limit];
}

/** @returns the two halves of a change: until both releases can run, and what ends it */
function lockstep(plan) {
  const phase = (url, name) =>
    runPhase({
      url,
      plan,
      phase: name,
      emit: () => {},
      options: { lockTimeoutMs },
      backfill: { steering: { cpus: 2 } },
    });
  return {
    begin: async (url) => {
      await phase(url, "expand");
      await phase(url, "backfill");
    },
    end: (url) => phase(url, "contract"),
  };
}

function pgroll(one, n) {
  const file = join(folder, `${n}_case.json`);
  writeFileSync(file, JSON.stringify({ operations: [one.pgroll] }));
  return {
    begin: (url) => run(values.pgroll, [...onDatabase(url), "start", file]),
    end: (url) => run(values.pgroll, [...onDatabase(url), "complete"]),
  };
}

async function timed({ template, begin, end }) {
  const database = await scratch.createDatabase({ template });
  await withSession(database.url, (session) => session.query("CHECKPOINT"));
  const started = performance.now();
  await begin(database.url);
  const begun = performance.now();
  await end(database.url);
  const ms = performance.now() - started;
  await database.drop();
  return { ms, beginMs: begun - started };
}

/** What an application waits for at most while readers are in the way. */
async function waited({ template, begin, end }) {
  const database = await scratch.createDatabase({ template });
  const { url } = database;
  const statements = [
    "SELECT id, seen FROM item WHERE id = $1",
    "UPDATE item SET seen = seen + 1 WHERE id = $1",
  ];
  await application.ask({ start: url, url, rows, statements });
  for (const half of [begin, end]) {
    const reader = await readFor(url, ["item"], readerSeconds);
    await half(url);
    await reader.ended;
  }
  const seen = await application.ask({ stop: url });
  await database.drop();
  return seen;
}

function lineOf({ title, fills }, name, samples, { longest, failures }) {
  const own = samples[name];
  const seconds = median(own.map(({ ms }) => ms)) / 1_000;
  const rate = median(own.map(({ beginMs }) => rows / (beginMs / 1_000)));
  const failed = failures.reduce((sum, [, times]) => sum + times, 0);
  for (const [what, times] of failures)
    process.stdout.write(`${name}, ${title}: ${times} × ${what}\n`);
  return `| ${title} | ${name} | ${seconds.toFixed(2)} s | ${fills[name] ? rate.toFixed(0) : "none"} | ${longest.ms.toFixed(0)} ms | ${failed} |`;
}
