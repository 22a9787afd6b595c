/**
 * `lockstep check`: one file without a server against a bare Node process; a thousand files without a server, against
 * squawk and pgfence, cold and answered again; one new migration after a long history, observed, first and second time.
 * Processes run in turn, once a round; medians, and ratios round by round, of wall clock and of CPU time (user and
 * system), which a busy machine changes less. CPU time and memory need GNU time.
 * Usage: npm run bench:check -- [--rounds 7 --files 1000 --history 400 --no-observed --no-peers]
 * Peers, squawk and pgfence, are installed from npm into a folder of their own for the run (bench/peers.mjs).
 */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median, report } from "./measure.mjs";
import { generateMigrations, writeMigrations } from "./migrations.mjs";
import { installLinters } from "./peers.mjs";

const { values } = parseArgs({
  allowNegative: true,
  options: {
    rounds: { type: "string", default: "7" },
    files: { type: "string", default: "1000" },
    history: { type: "string", default: "400" },
    peers: { type: "boolean", default: true },
    observed: { type: "boolean", default: true },
  },
});
const rounds = Number(values.rounds);
const lockstep = join(import.meta.dirname, "../bin/lockstep.js");
const work = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
const gnuTime = "/usr/bin/time";
const isTimed = existsSync(gnuTime);

/** Runs a process to its end; findings (exit code 1) are as good as none. Gives milliseconds and the most MiB it held. */
function measure(command, args, cwd = work) {
  const log = join(work, "time.log");
  const began = performance.now();
  const { status, stderr, error } = isTimed
    ? spawnSync(gnuTime, ["-o", log, "-f", "%U %S %M", command, ...args], options(cwd))
    : spawnSync(command, args, options(cwd));
  const ms = performance.now() - began;
  if (error !== undefined || (status !== 0 && status !== 1))
    throw new Error(`${command} ended with ${status}: ${error ?? stderr}`);
  if (!isTimed) return { ms };
  const last = readFileSync(log, "utf8").trim().split("\n").at(-1);
  const [user, system, kib] = last.split(" ").map(Number);
  return { ms, cpu: (user + system) * 1000, mib: kib / 1024 };
}

function options(cwd) {
  return { cwd, encoding: "utf8", maxBuffer: 1 << 28 };
}

function run(command, args, cwd) {
  return measure(command, args, cwd).ms;
}

/** Runs each as a process, in turn, once to warm up and then once a round. */
function race(title, contenders, base) {
  const samples = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++)
    for (const [name, call] of Object.entries(contenders)) {
      const sample = measure(...call);
      if (round >= 0) samples[name].push(sample);
    }
  const load = loadavg()[0].toFixed(1);
  show(`${title}: wall clock, load ${load}`, samples, base, ({ ms }) => ms);
  if (!isTimed) return;
  show(`${title}: CPU`, samples, base, ({ cpu }) => cpu);
  for (const [name, each] of Object.entries(samples))
    process.stdout.write(
      `  ${name}: ${Math.max(...each.map(({ mib }) => mib)).toFixed(0)} MiB at most\n`,
    );
}

function show(title, samples, base, of) {
  const results = Object.entries(samples).map(([name, each]) => ({
    name,
    ms: each.map(of),
    ratio: each.map((sample, round) => of(sample) / of(samples[base][round])),
  }));
  report(title, results, base);
}

function oneFile(peers) {
  const file = join(work, "one.sql");
  const check = [lockstep, "check", "--static", file];
  const contenders = {
    "node -e 0": [process.execPath, ["-e", "0"]],
    "lockstep check --static": [process.execPath, [...check, "--no-cache"]],
    "the same, answered before": [process.execPath, check],
    ...(peers === undefined ? {} : { squawk: [peers.squawk, [file]] }),
  };
  race("one file, cold process", contenders, "node -e 0");
}

function manyFiles(peers) {
  const folder = join(work, "many");
  writeMigrations(folder, generateMigrations(Number(values.files)));
  const names = readdirSync(folder).map((name) => join(folder, name));
  const statements = names.reduce(
    (sum, name) => sum + readFileSync(name, "utf8").split(/;\n/).length - 1,
    0,
  );
  const check = [lockstep, "check", "--static", "--json"];
  const contenders = {
    lockstep: [process.execPath, [...check, "--no-cache", ...names]],
    "lockstep, answered before": [process.execPath, [...check, ...names]],
    ...(peers === undefined
      ? {}
      : {
          squawk: [peers.squawk, ["--reporter", "json", ...names]],
          pgfence: [process.execPath, [peers.pgfence, "analyze", "--output", "json", ...names]],
        }),
  };
  const title = `${names.length} files, ${statements} statements, without a server`;
  race(title, contenders, peers === undefined ? "lockstep" : "squawk");
}

/** Observed: the whole history is replayed once, then what it left is started from. */
function longHistory() {
  const count = Number(values.history);
  const project = join(work, "project");
  const files = generateMigrations(count + 2);
  writeMigrations(join(project, "migrations"), files.slice(0, -1));
  const check = (name) =>
    run(process.execPath, [lockstep, "check", join("migrations", name)], project);
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
  const newest = join("migrations", files.at(-1).name);
  const { ms, mib } = measure(process.execPath, [lockstep, "check", newest], project);
  process.stdout.write(`  the next migration  ${(ms / 1000).toFixed(2)} s\n`);
  if (mib !== undefined) process.stdout.write(`  lockstep: ${mib.toFixed(0)} MiB at most\n`);
}

writeMigrations(work, [
  {
    name: "one.sql",
    sql: "SET lock_timeout = '3s';\nCREATE TABLE fresh (id bigint PRIMARY KEY, note text);\nCREATE INDEX ON fresh (note);\n",
  },
]);
// Servers and answers of this run alone.
const home = mkdtempSync(join(tmpdir(), "lockstep-bench-home-"));
chmodSync(home, 0o711);
process.env.LOCKSTEP_SCRATCH_HOME = home;
try {
  const peers = values.peers ? installLinters(join(work, "peers")) : undefined;
  oneFile(peers);
  manyFiles(peers);
  if (values.observed) longHistory();
} finally {
  for (const folder of [work, home])
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
