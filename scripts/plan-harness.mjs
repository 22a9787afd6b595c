/**
 * Carries every case of every operation (test/plan/operations, test/phases) through start → abort → start → finish, by
 * processes that are killed with -9 at each moment between and inside their steps, with writers of both releases, and
 * prints a table.
 *
 *     node scripts/plan-harness.mjs [--majors 14,15,16,17,18] [--kill-every 1] [name of a test file …]
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { rolldown } from "rolldown";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    majors: { type: "string", default: "14,15,16,17,18" },
    "kill-every": { type: "string", default: "1" },
  },
});
const root = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "lockstep-harness-"));
const table = join(folder, "rows.ndjson");
// Each kill starts a process: one file starts ten times as fast as a loader of TypeScript.
// It lies as deep as every room, so that paths which start from a module's own hold.
const program = join(root, "dist", "plan-harness", "child.mjs");
const bundle = await rolldown({
  cwd: root,
  input: "test/phases/child.ts",
  platform: "node",
  external: (id) => /^(?:node:|@?[a-z])/.test(id) && !id.startsWith("@oxc-project/runtime"),
  transform: { target: "es2023" },
});
await bundle.write({ file: program, format: "esm", codeSplitting: false });
await bundle.close();
const files =
  positionals.length > 0 ? positionals : ["test/plan/operations", "test/phases/harness.test.ts"];
const { status } = spawnSync(
  process.execPath,
  [join(root, "node_modules", "vitest", "vitest.mjs"), "run", "--no-file-parallelism", ...files],
  {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      LOCKSTEP_TEST_MAJORS: values.majors,
      LOCKSTEP_HARNESS_KILL_EVERY: values["kill-every"],
      LOCKSTEP_HARNESS_TABLE: table,
      LOCKSTEP_HARNESS_CHILD: program,
    },
  },
);
const rows = existsSync(table)
  ? readFileSync(table, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
  : [];
process.stdout.write(
  "\n| operation | major | kills | statements of both releases | failures |\n| --- | --- | --- | --- | --- |\n",
);
for (const { name, major, kills, written, failures } of rows)
  process.stdout.write(`| ${name} | ${major} | ${kills} | ${written} | ${failures.length} |\n`);
rmSync(folder, { recursive: true });
rmSync(join(root, "dist", "plan-harness"), { recursive: true });
process.exitCode = status ?? 1;
