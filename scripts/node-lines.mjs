/**
 * Runs the tests that a change of Node can break on the other supported lines, each with the Node that the npm
 * package `node-<platform>-<arch>` brings. Usage: node scripts/node-lines.mjs [22 24]
 */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const lines = process.argv.length > 2 ? process.argv.slice(2) : ["22", "24"];
const suites = [
  // Files, modules that are loaded, and answers that are kept; the rest of a check is the parser's and the database's.
  "test/check/answered-loads.test.ts",
  "test/check/check.test.ts",
  "test/check/kept-answers.test.ts",
  // What a command reads, how it ends, and what it says of bad input; of others only what they say is tried in test/cli.
  "test/cli/bad-input.test.ts",
  "test/cli/commands.test.ts",
  "test/cli/signals.test.ts",
  "test/config",
  "test/scratch/scratch.test.ts",
  // Child processes and signals; the rest of a deploy is the database's.
  "test/processes/run-command.test.ts",
  "test/runtime",
];
const name = `node-${process.platform}-${process.arch}`;
const home = mkdtempSync(join(tmpdir(), "lockstep-node-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));

/** Gives the folder of its `node`. */
async function install(line) {
  const folder = join(home, line);
  const args = ["install", "--silent", "--no-save", "--prefix", folder, `${name}@${line}`];
  await promisify(execFile)("npm", args);
  return join(folder, "node_modules", name, "bin");
}

// The next one is fetched while the tests of the first are run.
const installs = lines.map((line) => install(line));
for (const one of installs) one.catch(() => {});

for (const one of installs) {
  const folder = await one;
  const node = join(folder, "node");
  process.stdout.write(`\nNode ${execFileSync(node, ["--version"], { encoding: "utf8" })}`);
  const { status } = spawnSync(node, ["node_modules/vitest/vitest.mjs", "run", ...suites], {
    stdio: "inherit",
    env: {
      ...process.env,
      PATH: `${folder}:${process.env.PATH}`,
      // What hangs on the server's version is run on all of them on the first line, in the whole suite.
      LOCKSTEP_TEST_MAJORS: "18",
    },
  });
  if (status !== 0) process.exit(status ?? 1);
}
