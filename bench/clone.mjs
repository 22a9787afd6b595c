/**
 * How fast a clone's rows are made, against COPY of the same rows into the same tables with the same indexes. Every
 * contender begins with empty tables; COPY reads a file that the server itself wrote before, with foreign keys not looked up,
 * as the clone has it.
 * Usage: npm run --silent build && node bench/clone.mjs [--rounds 3 --rows 1000000]
 */
import { mkdtempSync, rmSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fillClone } from "../dist/clone/index.js";
import { readStatistics } from "../dist/effects/index.js";
import { startScratch } from "../dist/scratch/index.js";
import { median } from "./measure.mjs";
import { withSession } from "./with-session.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    rows: { type: "string", default: "1000000" },
  },
});
const rows = Number(values.rows);
const schema = `
  CREATE TABLE customer (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, plan text NOT NULL CHECK (plan IN ('free', 'pro')), created timestamptz NOT NULL);
  CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customer, state text NOT NULL, total integer NOT NULL, note text, placed timestamptz NOT NULL);
  CREATE INDEX ON purchase (customer_id);
  CREATE INDEX ON purchase (placed)`;
const source = `
  INSERT INTO customer SELECT n, 'c' || n || '@example.org', CASE WHEN n % 10 = 0 THEN 'pro' ELSE 'free' END, now() - n * interval '1 minute' FROM generate_series(1, ${rows / 10}) n;
  INSERT INTO purchase SELECT n, 1 + (n::bigint * 7919) % ${rows / 10}, (ARRAY['open', 'paid', 'sent'])[1 + n % 3], n % 5000, CASE WHEN n % 3 = 0 THEN md5(n::text) END, now() - n * interval '1 second' FROM generate_series(1, ${rows}) n;
  ANALYZE`;

const scratch = await startScratch({ major: 18, settings: { max_wal_size: "8GB" } });
const folder = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
chmodSync(folder, 0o777);
try {
  const empty = await scratch.template("empty", (url) => run(url, schema));
  const full = await scratch.createDatabase({ template: empty });
  await run(full.url, source);
  const statistics = await withSession(full.url, (session) => readStatistics(session));
  await full.drop();
  const samples = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const made = await scratch.createDatabase({ template: empty });
    const clone = await withSession(made.url, (session) =>
      fillClone({ session, statistics, scale: 1, seed: round }),
    );
    await run(
      made.url,
      `COPY customer TO '${folder}/customer'; COPY purchase TO '${folder}/purchase'`,
    );
    await made.drop();
    const copied = await scratch.createDatabase({ template: empty });
    const began = performance.now();
    await run(
      copied.url,
      `SET session_replication_role = replica; BEGIN; COPY customer FROM '${folder}/customer'; COPY purchase FROM '${folder}/purchase'; COMMIT`,
    );
    const copyMs = performance.now() - began;
    await copied.drop();
    samples.push({ cloneMs: clone.ms, copyMs });
    const all = clone.tables.reduce((sum, table) => sum + table.rows, 0);
    line(`round ${round + 1}`, [
      `${all} rows`,
      `clone ${Math.round(clone.ms)} ms`,
      `COPY ${Math.round(copyMs)} ms`,
      `${(copyMs / clone.ms).toFixed(2)} × the speed of COPY`,
    ]);
  }
  const ratio = median(samples.map(({ cloneMs, copyMs }) => copyMs / cloneMs));
  line("median", [`${ratio.toFixed(2)} × the speed of COPY (goal 0.5)`]);
} finally {
  await scratch.close();
  rmSync(folder, { recursive: true });
}

async function run(url, text) {
  await withSession(url, (session) => session.batch(text));
}

function line(name, parts) {
  process.stdout.write(`${name.padEnd(10)} ${parts.join(", ")}\n`);
}
