/**
 * Runs the tests that a change of Node can break on the other supported lines, each with the Node that the npm
 * package `node-<platform>-<arch>` brings. Usage: node scripts/node-lines.mjs [22 24]
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const lines = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24"];
const suites = [
  // Files, modules that are loaded, and answers that are kept; the rest of a check is the parser's and the database's.
  "test/check/answered-loads.test.ts",
  "test/check/check.test.ts",
  "test/check/check-observed.test.ts",
  "test/check/kept-answers.test.ts",
  "test/cli",
  "test/config",
  "test/scratch/scratch.test.ts",
  // Child processes and signals; the rest of a deploy is the database's.
  "test/processes/run-command.test.ts",
  "test/runtime",
];
const name = `node-${process.platform}-${process.arch}`;

for (const line of lines) {
  const folder = mkdtempSync(join(tmpdir(), "lockstep-node-"));
  try {
    execFileSync(
      "npm",
      ["install", "--silent", "--no-save", "--prefix", folder, `${name}@${line}`],
      {
        stdio: "inherit",
      },
    );
    const node = join(folder, "node_modules", name, "bin", "node");
    process.stdout.write(`\nNode ${execFileSync(node, ["--version"], { encoding: "utf8" })}`);
    const { status } = spawnSync(node, ["node_modules/vitest/vitest.mjs", "run", ...suites], {
      stdio: "inherit",
      env: {
        ...process.env,
        PATH: `${join(folder, "node_modules", name, "bin")}:${process.env.PATH}`,
      },
    });
    if (status !== 0) process.exit(status ?? 1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
