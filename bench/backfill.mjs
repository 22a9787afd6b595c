/**
 * A backfill against one big UPDATE of the same rows: rows a second, growth of the table, what verification costs; then
 * the same beside an application in another process, whose p99 is compared with its own just before. Every contender runs
 * once a round, on a fresh copy of the same table. fsync is on.
 * Usage: npm run --silent build && node bench/backfill.mjs [--rounds 5 --rows 2000000 --rate 200 --shared-buffers 2GB --keyless --no-quiet --no-load]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runBackfill, verifyBackfill } from "../dist/backfill/index.js";
import { installLedger } from "../dist/ledger/index.js";
import { Session } from "../dist/pg/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { median } from "./measure.mjs";
import { withSession } from "./with-session.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    rows: { type: "string", default: "2000000" },
    rate: { type: "string", default: "200" },
    "shared-buffers": { type: "string", default: "2GB" },
    keyless: { type: "boolean", default: false },
    quiet: { type: "boolean", default: true },
    load: { type: "boolean", default: true },
    trace: { type: "boolean", default: false },
  },
  allowNegative: true,
});
const rounds = Number(values.rounds);
const rows = Number(values.rows);
const job = {
  id: "bench/1",
  table: '"public"."t"',
  set: "new_col = t.tenant * 10",
  todo: "t.new_col IS NULL",
};
const table = `
  CREATE EXTENSION pg_stat_statements;
  CREATE TABLE t (id bigint NOT NULL, tenant bigint NOT NULL, seen integer NOT NULL DEFAULT 0, state text NOT NULL,
    note text NOT NULL, more text NOT NULL, a integer, b integer, at timestamptz NOT NULL, new_col bigint);
  INSERT INTO t SELECT n, n % 1000, 0, 'open', md5(n::text), md5(n::text) || md5((n + 1)::text), n, n, now() FROM generate_series(1, ${rows}) n;
  ${values.keyless ? "CREATE INDEX ON t (id)" : "ALTER TABLE t ADD PRIMARY KEY (id)"};
  CREATE INDEX ON t (tenant, at);
  CREATE INDEX ON t (note);
  VACUUM ANALYZE t`;

const scratch = await startScratch({
  major: 18,
  durable: true,
  settings: {
    shared_buffers: values["shared-buffers"],
    max_wal_size: "8GB",
    shared_preload_libraries: "pg_stat_statements",
    fsync: "on",
    full_page_writes: "on",
    synchronous_commit: "on",
  },
});
const template = await scratch.template("bench", async (url) => {
  const session = await Session.open({ url, applicationName: "bench" });
  for (const statement of table.split(";")) await session.query(statement);
  await installLedger(session);
  await session.close();
});

const contenders = {
  "one UPDATE": (url) =>
    withSession(url, (session) =>
      session.query(`UPDATE t SET ${job.set.replaceAll("t.", "")} WHERE new_col IS NULL`),
    ),
  "one worker": (url) => backfill(url, 1),
  "two workers": (url) => backfill(url, 2),
};

try {
  if (values.quiet) await quiet();
  if (values.load) await underLoad();
} finally {
  await scratch.close();
}

async function quiet() {
  const samples = {};
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of Object.entries(contenders)) {
      const one = await measured(run);
      (samples[name] ??= []).push(one);
    }
  title("quiet");
  for (const [name, list] of Object.entries(samples)) {
    const ratio = median(list.map(({ rate }, round) => rate / samples["one UPDATE"][round].rate));
    const share = median(list.map(({ verifyMs, ms }) => (100 * verifyMs) / ms));
    line(name, [
      `${median(list.map(({ rate }) => rate)).toFixed(0)} rows/s`,
      `${ratio.toFixed(2)} × one UPDATE`,
      `table +${median(list.map(({ growth }) => growth)).toFixed(0)} %`,
      `verified in ${share.toFixed(1)} % of the time`,
    ]);
  }
}

async function underLoad() {
  const samples = {};
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of Object.entries(contenders)) {
      const one = await measured(run, true);
      (samples[name] ??= []).push(one);
    }
  title(`under ${values.rate} transactions a second`);
  for (const [name, list] of Object.entries(samples)) {
    const ratio = median(list.map(({ rate }, round) => rate / samples["one UPDATE"][round].rate));
    line(name, [
      `${median(list.map(({ rate }) => rate)).toFixed(0)} rows/s`,
      `${ratio.toFixed(2)} × one UPDATE`,
      `p99 ${median(list.map(({ during }) => during.p99)).toFixed(1)} ms`,
      `${median(list.map(({ before, during }) => during.p99 / before.p99)).toFixed(1)} × its p99 before`,
      `max ${median(list.map(({ during }) => during.max)).toFixed(0)} ms`,
    ]);
  }
}

/** One contender on a fresh copy, beside an application if wanted. */
async function measured(run, isLoaded = false) {
  const database = await scratch.createDatabase({ template });
  const { url } = database;
  await withSession(url, (session) => session.query("CHECKPOINT"));
  const shop = isLoaded ? await startShop(url) : undefined;
  const size = () =>
    withSession(url, async (session) => {
      const { rows } = await session.query("SELECT pg_table_size('t') AS size");
      return Number(rows[0].size);
    });
  const before = await size();
  // What the application's statements usually take must be known before.
  const calm = await shop?.stretch(10_000);
  const started = performance.now();
  await run(url);
  const ms = performance.now() - started;
  const during = await shop?.stretch(0);
  await shop?.end();
  const growth = 100 * ((await size()) / before - 1);
  const { left, ms: verifyMs } = await withSession(url, (session) => verifyBackfill(session, job));
  if (left !== 0) throw new Error(`${left} rows were left out`);
  await database.drop();
  return { ms, rate: rows / (ms / 1_000), growth, verifyMs, before: calm, during };
}

async function backfill(url, workers) {
  const emit = values.trace
    ? (event) =>
        event.type !== "backfill.progress" && process.stderr.write(`${JSON.stringify(event)}\n`)
    : () => {};
  const { outcome } = await runBackfill({ url, job, workers, steering: { cpus: 2 }, emit });
  if (outcome !== "done") throw new Error(`the backfill ended ${outcome}`);
}

async function startShop(url) {
  const file = fileURLToPath(new URL("load.mjs", import.meta.url));
  const child = spawn(process.execPath, [file, url, String(rows), values.rate, "8"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const stretch = async (ms) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    child.stdin.write("\n");
    const [text] = await once(child.stdout, "data");
    return JSON.parse(String(text));
  };
  // The first requests open connections.
  await stretch(1_000);
  const end = async () => {
    child.stdin.end();
    await once(child, "exit");
  };
  return { stretch, end };
}

function title(text) {
  const load = loadavg()[0].toFixed(1);
  process.stdout.write(
    `\n${text}: ${rows} rows, medians of ${rounds} rounds, load average ${load}\n`,
  );
}

function line(name, facts) {
  process.stdout.write(`  ${name.padEnd(12)}  ${facts.join(", ")}\n`);
}
