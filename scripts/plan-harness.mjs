/**
 * Carries every case of every operation (test/plan/operations, test/phases) through start → abort → start → finish, by
 * processes that are killed with -9 at each moment between and inside their steps, with writers of both releases, and
 * prints a table.
 *
 *     node scripts/plan-harness.mjs [--majors 14,15,16,17,18] [--kill-every 1] [--only NAME] [--missing] [--stale]
 *       [--minutes N] [--at-once 3] [--write] [test file …]
 *
 * With --write the rows go into test/phases/carried.json and docs/plan-operations.md; those of other cases and majors
 * stay as they are, so that it can be run in pieces: --only for cases whose name holds NAME, --missing for those that
 * have no row without failures yet, --stale for those whose plan or statements are others since, --minutes to end after
 * so many. --at-once: so many cases of one operation go on
 * beside each other, on one server.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";
import { writeProgram } from "./program.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    majors: { type: "string", default: "14,15,16,17,18" },
    "kill-every": { type: "string", default: "1" },
    only: { type: "string" },
    missing: { type: "boolean", default: false },
    stale: { type: "boolean", default: false },
    minutes: { type: "string", default: "600" },
    "at-once": { type: "string", default: "3" },
    write: { type: "boolean", default: false },
  },
});
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "lockstep-harness-"));
const rowsFile = join(folder, "rows.ndjson");
// Each kill starts a process.
const child = await writeProgram("test/phases/child.ts");
const operations = join("test", "plan", "operations");
const files =
  positionals.length > 0
    ? positionals
    : [
        ...readdirSync(join(root, operations))
          .map((name) => join(operations, name))
          .filter((file) => file.endsWith(".test.ts"))
          .filter((file) => readFileSync(join(root, file), "utf8").includes("testCases(")),
        join("test", "phases", "harness.test.ts"),
      ];
// In a group of its own: what it has started ends with it.
const run = spawn(
  process.execPath,
  [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--no-file-parallelism",
    // Modules are loaded once, not for each file.
    "--no-isolate",
    "--passWithNoTests",
    `--maxConcurrency=${values["at-once"]}`,
    ...files,
  ],
  {
    cwd: root,
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      LOCKSTEP_TEST_MAJORS: values.majors,
      LOCKSTEP_HARNESS_KILL_EVERY: values["kill-every"],
      LOCKSTEP_HARNESS_TABLE: rowsFile,
      LOCKSTEP_HARNESS_CHILD: child.file,
      LOCKSTEP_HARNESS_ONLY: values.only ?? "",
      ...(values.missing ? { LOCKSTEP_HARNESS_MISSING: "1" } : {}),
      ...(values.stale ? { LOCKSTEP_HARNESS_STALE: "1" } : {}),
    },
  },
);
const end = () => {
  if (run.pid !== undefined && run.exitCode === null && run.signalCode === null)
    process.kill(-run.pid, "SIGTERM");
};
const timer = setTimeout(end, Number(values.minutes) * 60_000);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, end);
const [status, signal] = await once(run, "exit");
clearTimeout(timer);
const rows = existsSync(rowsFile)
  ? readFileSync(rowsFile, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
  : [];
process.stdout.write(
  "\n| operation | case | on | kills | statements of both releases | failures |\n| --- | --- | --- | --- | --- | --- |\n",
);
for (const { operation, name, version, kills, statements, failures } of rows) {
  process.stdout.write(
    `| ${operation} | ${name} | ${version} | ${kills} | ${statements} | ${failures.length} |\n`,
  );
  for (const failure of failures) process.stdout.write(`  ${failure}\n`);
}
if (values.write && rows.length > 0) {
  const { writeTable } = await createJiti(import.meta.url).import(
    join(root, "test", "phases", "harness-page.ts"),
  );
  const areWhole = values.only === undefined && !values.missing && !values.stale;
  writeTable(rows, areWhole && signal === null);
}
rmSync(folder, { recursive: true });
child.remove();
process.exitCode = status ?? 1;
