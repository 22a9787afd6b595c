/**
 * A snapshot by pg_dump, made and verified, against plain `pg_dump | pg_restore` of the same database into another one of the same server.
 *
 *   node bench/snapshot.mjs [--megabytes 1000] [--rounds 3] [--major 15]
 *
 * The two go in turn. pg_dump and pg_restore of the major or newer must be in PATH. Ends with 1 when the median ratio is above 1.3.
 */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url);
const { startScratch } = await jiti.import("../src/scratch/index.ts");
const { Session } = await jiti.import("../src/pg/index.ts");
const { createSnapshot, verifyDump } = await jiti.import("../src/snapshot/index.ts");

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1000" },
    rounds: { type: "string", default: "3" },
    major: { type: "string", default: "15" },
  },
});
const scratch = await startScratch({ major: Number(values.major) });
const folder = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
const source = await scratch.createDatabase();
const emit = () => {};
const env = process.env;

/** Rows of about 200 bytes in eight tables, each with a key and an index. */
await onSource(async (session) => {
  const rows = Math.round((Number(values.megabytes) * 4_000) / 8);
  for (let table = 1; table <= 8; table++)
    await session.batch(
      `CREATE TABLE t${table} (id bigint PRIMARY KEY, at timestamptz, name text, body text);
       INSERT INTO t${table} SELECT n, now() - n * interval '1 second', md5(n::text), repeat(md5((n * 7)::text), 3)
         FROM generate_series(1, ${rows}) AS n;
       CREATE INDEX ON t${table} (name)`,
    );
});
const size = await onSource(async (session) => {
  const { rows } = await session.query(
    "SELECT pg_size_pretty(pg_database_size(current_database())) AS size",
  );
  return rows[0].size;
});

const ratios = [];
for (let round = 1; round <= Number(values.rounds); round++) {
  const plain = await timed(dumpAndRestore);
  const own = await timed(async () => makeAndVerify(`round-${round}`));
  ratios.push(own / plain);
  process.stdout.write(
    `${size}, round ${round}: pg_dump | pg_restore ${seconds(plain)}, snapshot create and verify ${seconds(own)}: ${(own / plain).toFixed(2)}\n`,
  );
}
await scratch.close();
rmSync(folder, { recursive: true, force: true });
const median = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)];
process.stdout.write(`median ${median.toFixed(2)}\n`);
process.exitCode = median <= 1.3 ? 0 : 1;

async function dumpAndRestore() {
  const target = await scratch.createDatabase();
  const dump = spawn("pg_dump", ["--format=custom", source.url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const restore = spawn("pg_restore", ["--exit-on-error", `--dbname=${target.url}`], {
    stdio: [dump.stdout, "inherit", "inherit"],
  });
  await Promise.all([ended(dump), ended(restore)]);
  await target.drop();
}

async function ended(child) {
  // Not "close": the pipe between the two is nobody's here to read.
  const code = await new Promise((resolve) => child.on("exit", resolve));
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}`);
}

async function makeAndVerify(name) {
  const settings = { by: "dump", to: folder };
  const about = { url: source.url, run: randomUUID(), environment: "bench", name, settings };
  const { place } = await createSnapshot({ ...about, cwd: folder, env, emit });
  const given = { place, cwd: folder, env, emit };
  const { differences } = await verifyDump({ ...given, scratch: async () => scratch });
  if (differences.length > 0) throw new Error(differences.join("\n"));
}

async function timed(work) {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}

async function onSource(work) {
  const session = await Session.open({ url: source.url, applicationName: "bench" });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
