/**
 * Runs `lockstep check` over files of SQL that were not written for it, such as Postgres' own regression tests, each in a
 * process of its own, and says which of them crash, hang or take much time or memory. Needs `npm run build`.
 *
 *   node scripts/regression.mjs FOLDER OUT.json [--seconds 60] [--jobs 1] [--observed] [--pg 18] [--only NAMES] [--largest N]
 *
 * With --observed the files are run on an empty database; OUT.json tells of how many statements the effect was observed.
 * Right is: exit code 0 (no hazard) or 1 (findings; a syntax error is one, with its line and column), and nothing on
 * standard error. NAMES are file names separated by commas.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    jobs: { type: "string", default: "1" },
    observed: { type: "boolean", default: false },
    pg: { type: "string", default: "18" },
    only: { type: "string" },
    largest: { type: "string" },
  },
});
const [folder, out] = positionals;
if (folder === undefined || out === undefined)
  throw new Error("usage: node scripts/regression.mjs FOLDER OUT.json");
const lockstep = fileURLToPath(new URL("../bin/lockstep.js", import.meta.url));
/** The child tells its own peak of resident memory, in KiB, as the last line on descriptor 3. */
const tellMemory = `data:text/javascript,${encodeURIComponent(
  'import fs from "node:fs"; process.on("exit", () => fs.writeSync(3, String(process.resourceUsage().maxRSS)));',
)}`;

const wanted = values.only?.split(",");
const sizeOf = (name) => statSync(join(folder, name)).size;
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".sql") && (wanted?.includes(basename(name)) ?? true))
  .toSorted((a, b) => sizeOf(b) - sizeOf(a))
  .slice(0, values.largest === undefined ? undefined : Number(values.largest));
const temporary = mkdtempSync(join(tmpdir(), "lockstep-regression-"));
process.on("exit", () => rmSync(temporary, { recursive: true }));
/** Before the files there is nothing: without a base that were not known, and nothing would be run. */
const base = join(temporary, "base.sql");
writeFileSync(base, "");
const results = [];
let next = 0;
await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
results.sort((a, b) => b.ms - a.ms);
writeFileSync(out, `${JSON.stringify(results, undefined, 1)}\n`);
const wrong = results.filter(({ isRight }) => !isRight);
for (const { file, status, ms, stderr } of wrong)
  console.log(`${file}: ${status} after ${ms} ms\n${stderr.slice(0, 2000)}`);
for (const { file, ms, mib } of results.slice(0, 10)) console.log(`${ms} ms ${mib} MiB ${file}`);
const most = Math.max(0, ...results.map(({ mib }) => mib));
const sum = (key) => results.reduce((total, result) => total + result[key], 0);
console.log(
  `${results.length} files, ${wrong.length} wrong, at most ${most} MiB; ${sum("observed")} of ${sum("statements")} statements observed`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;

async function worker() {
  for (let file = files[next++]; file !== undefined; file = files[next++])
    results.push(await checkFile(file));
}

async function checkFile(file) {
  const args = ["check", basename(file), "--pg", values.pg, "--no-pipeline", "--format", "json"];
  args.push(...(values.observed ? ["--base", base] : ["--static"]));
  const path = join(folder, file);
  const start = performance.now();
  const child = spawn(process.execPath, ["--import", tellMemory, lockstep, ...args], {
    cwd: dirname(path),
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), Number(values.seconds) * 1000);
  const [stdout, stderr, memory] = await Promise.all(
    [1, 2, 3].map((descriptor) => textOf(child.stdio[descriptor])),
  );
  const status = await new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null)
      done(child.exitCode ?? child.signalCode);
    else child.once("exit", (code, signal) => done(code ?? signal));
  });
  clearTimeout(limit);
  const report = status === 0 || status === 1 ? JSON.parse(stdout) : undefined;
  return {
    file,
    status,
    isRight: report !== undefined && stderr === "",
    ms: Math.round(performance.now() - start),
    mib: Math.round(Number(memory) / 1024),
    ...countSources(report),
    refused: report?.findings.find(({ rule }) => rule === "syntax-error"),
    stderr,
  };
}

/** How many statements there are, and how many of them were observed. */
function countSources(report) {
  const statements = report?.files.flatMap((file) => file.statements) ?? [];
  const observed = statements.filter(({ source }) => source === "observed");
  return { statements: statements.length, observed: observed.length };
}

async function textOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
