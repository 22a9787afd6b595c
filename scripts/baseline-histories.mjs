/**
 * Real histories, baselined: databases as they were after some of a folder's migrations, each changed by hand in one way
 * (a column, index, constraint dropped, a type changed, a table renamed, …) and without a ledger. Is the right prefix
 * found, and the change named? docs/baseline.md has what came of it.
 *
 *   node scripts/baseline-histories.mjs FOLDER… [--places 4] [--each 5] [--seed 1] [--major 18]
 *
 * `--places`: after how many migrations of each folder; `--each`: so many changes at each. Ends with 1 when one is wrong.
 */
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { writeProgram } from "./program.mjs";

const program = await writeProgram("test/baseline/histories.ts");
const { folderAt, startScratch, tryHistory } = createRequire(import.meta.url)(program.file);
program.remove();

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    places: { type: "string", default: "4" },
    each: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
    major: { type: "string", default: "18" },
  },
});
let [right, all] = [0, 0];
for (const path of positionals) {
  const scratch = await startScratch({ major: Number(values.major) });
  const folder = await folderAt(path);
  const began = performance.now();
  const results = await tryHistory({
    folder,
    scratch,
    places: Number(values.places),
    each: Number(values.each),
    seed: Number(values.seed),
    env: process.env,
    tell: ({ truth, perturbation, found, named, isRight, ms }) => {
      const verdict = isRight ? "right" : "WRONG";
      const rest = isRight ? "" : `; found ${found}: ${named.join("; ")} (${perturbation.sql})`;
      process.stdout.write(
        `${verdict} after ${truth}: ${perturbation.kind}, ${perturbation.key}, ${ms} ms${rest}\n`,
      );
    },
  });
  await scratch.close();
  const own = results.filter(({ isRight }) => isRight).length;
  right += own;
  all += results.length;
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(
    `${path}: ${own} of ${results.length} right, ${folder.migrations.length} migrations, ${seconds} s\n`,
  );
}
process.stdout.write(`${right} of ${all} right\n`);
process.exitCode = right === all && all > 0 ? 0 : 1;
