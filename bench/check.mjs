/**
 * `lockstep check`: one file without a server against a bare Node process; a thousand files without a server, against
 * squawk and pgfence where they are named; one new migration after a long history, observed, first and second time.
 * Usage: npm run --silent build && node bench/check.mjs [--rounds 7 --files 1000 --history 400]
 *        [--squawk PATH/TO/squawk --pgfence PATH/TO/pgfence]
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compare, median, report } from "./measure.mjs";
import { generateMigrations, writeMigrations } from "./migrations.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    files: { type: "string", default: "1000" },
    history: { type: "string", default: "400" },
    squawk: { type: "string" },
    pgfence: { type: "string" },
  },
});
const rounds = Number(values.rounds);
const lockstep = join(import.meta.dirname, "../bin/lockstep.js");
const work = mkdtempSync(join(tmpdir(), "lockstep-bench-"));

/** Runs a process to its end; findings (exit code 1) are as good as none. Gives its milliseconds. */
function run(command, args, cwd = work) {
  const began = performance.now();
  const { status, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const ms = performance.now() - began;
  if (error !== undefined || (status !== 0 && status !== 1))
    throw new Error(`${command} ended with ${status}: ${error ?? stderr}`);
  return ms;
}

/** Most memory that a process held, in MiB, as GNU time tells it; undefined without it. */
function peakMemory(command, args, cwd = work) {
  const { stderr, error } = spawnSync("/usr/bin/time", ["-f", "%M", command, ...args], {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (error !== undefined) return undefined;
  return Number(stderr.trim().split("\n").at(-1)) / 1024;
}

function showMemory(contenders) {
  for (const [name, [command, args, cwd]] of Object.entries(contenders)) {
    const mib = peakMemory(command, args, cwd);
    if (mib !== undefined) process.stdout.write(`  ${name}: ${mib.toFixed(0)} MiB at most\n`);
  }
}

/** Runs each as a process, in turn. */
async function race(title, contenders, base) {
  const runs = Object.entries(contenders).map(([name, call]) => [name, async () => run(...call)]);
  report(title, await compare(Object.fromEntries(runs), { rounds, base }), base);
  showMemory(contenders);
}

async function oneFile() {
  const file = join(work, "one.sql");
  const contenders = {
    "node -e 0": [process.execPath, ["-e", "0"]],
    "lockstep check --static": [process.execPath, [lockstep, "check", "--static", file]],
    ...(values.squawk === undefined ? {} : { squawk: [values.squawk, [file]] }),
  };
  await race("one file, cold process", contenders, "node -e 0");
}

async function manyFiles() {
  const folder = join(work, "many");
  writeMigrations(folder, generateMigrations(Number(values.files)));
  const names = readdirSync(folder).map((name) => join(folder, name));
  const statements = names.reduce(
    (sum, name) => sum + readFileSync(name, "utf8").split(/;\n/).length - 1,
    0,
  );
  const contenders = {
    lockstep: [process.execPath, [lockstep, "check", "--static", "--json", ...names]],
    ...(values.squawk === undefined
      ? {}
      : { squawk: [values.squawk, ["--reporter", "json", ...names]] }),
    ...(values.pgfence === undefined
      ? {}
      : { pgfence: [values.pgfence, ["analyze", "--output", "json", ...names]] }),
  };
  const base = values.squawk === undefined ? "lockstep" : "squawk";
  await race(`${names.length} files, ${statements} statements, without a server`, contenders, base);
}

/** Observed: the whole history is replayed once, then what it left is started from. */
async function longHistory() {
  const count = Number(values.history);
  const home = mkdtempSync(join(tmpdir(), "lockstep-bench-home-"));
  chmodSync(home, 0o711);
  process.env.LOCKSTEP_SCRATCH_HOME = home;
  const project = join(work, "project");
  const files = generateMigrations(count + 2);
  writeMigrations(join(project, "migrations"), files.slice(0, -1));
  const check = (name) =>
    run(process.execPath, [lockstep, "check", join("migrations", name)], project);
  try {
    run(process.execPath, [lockstep, "check", "--base", "/dev/null", join(work, "one.sql")]);
    process.stdout.write(`\none new migration after ${count}, observed\n`);
    const first = check(files.at(-2).name);
    process.stdout.write(`  first   ${(first / 1000).toFixed(2)} s\n`);
    const again = [];
    for (let round = 0; round < rounds; round++) again.push(check(files.at(-2).name));
    process.stdout.write(
      `  second  ${(median(again) / 1000).toFixed(2)} s (${(Math.min(...again) / 1000).toFixed(2)}–${(Math.max(...again) / 1000).toFixed(2)})\n`,
    );
    writeMigrations(join(project, "migrations"), files.slice(-1));
    process.stdout.write(
      `  the next migration  ${(check(files.at(-1).name) / 1000).toFixed(2)} s\n`,
    );
    const newest = [lockstep, "check", join("migrations", files.at(-1).name)];
    showMemory({ lockstep: [process.execPath, newest, project] });
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

writeMigrations(work, [
  {
    name: "one.sql",
    sql: "SET lock_timeout = '3s';\nCREATE TABLE fresh (id bigint PRIMARY KEY, note text);\nCREATE INDEX ON fresh (note);\n",
  },
]);
try {
  await oneFile();
  await manyFiles();
  await longHistory();
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
