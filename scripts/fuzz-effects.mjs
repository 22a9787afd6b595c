/**
 * Compares what is predicted of random statements on random schemas with what real servers do: locks, work under them and
 * failures (`test/effects/fuzz/`). Everything is made from the seed, which is printed: the same seed gives the same run.
 *
 *   node scripts/fuzz-effects.mjs [--major 18]… [--seed 1] [--schemas 240] [--from 0] [--jobs 4] [--single 170]
 *                                 [--sequence 30] [--together 10]
 *
 * A schema is a database of its own, two of three with rows. On it run `single` statements, each undone, predicted from
 * the catalog as it was read and as it was folded from the schema's text; `together` in one transaction, where locks add up;
 * `sequence` one after the other, every fifth of a kind that no transaction may hold, on a catalog that is folded on and
 * compared with the server's at the end. 240 schemas are about 50,000 statements.
 *
 * Not compared, because it cannot be known beforehand: whether the new rows of INSERT, UPDATE, DELETE, MERGE and REFRESH
 * fit (classes 21 to 23), and those that the run has put into tables of its own, what a DO block comes to, which of several certain errors is
 * raised first, which error of class 22 a value raises, on which side the join of DETACH reads. Where rows and plans decide
 * what is locked, what was seen must be among what was predicted.
 * Not compared, because no observer sees it for certain: indexes that DETACH … CONCURRENTLY looks into and children that
 * VACUUM (ANALYZE) samples, in transactions that write to no catalog which could be held; DETACH without CONCURRENTLY and
 * ANALYZE are compared. What a session locks to fill its caches is compared in a session that has seen nothing yet.
 * Ends with 1 when something differs.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url);
const { startScratch } = await jiti.import("../src/scratch/index.ts");
const folder = fileURLToPath(new URL("../test/effects/fuzz/", import.meta.url));
const { fuzz } = await jiti.import(`${folder}run.ts`);
const { reportText } = await jiti.import(`${folder}report.ts`);

const { values } = parseArgs({
  options: {
    major: { type: "string", multiple: true, default: ["18"] },
    seed: { type: "string", default: "1" },
    schemas: { type: "string", default: "240" },
    from: { type: "string", default: "0" },
    jobs: { type: "string", default: "4" },
    single: { type: "string", default: "170" },
    sequence: { type: "string", default: "30" },
    together: { type: "string", default: "10" },
  },
});
const numbers = Object.fromEntries(
  ["seed", "schemas", "from", "jobs", "single", "sequence", "together"].map((name) => [
    name,
    Number(values[name]),
  ]),
);

for (const major of values.major) {
  const scratch = await startScratch({ major: Number(major) });
  const onProgress = ({ compared, differences }) => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r${compared} compared, ${differences.length} differences `);
  };
  try {
    const result = await fuzz({ scratch, ...numbers, onProgress });
    process.stdout.write(`Postgres ${major}, seed ${numbers.seed}: ${reportText(result)}\n`);
    if (result.differences.length > 0) process.exitCode = 1;
  } finally {
    await scratch.close();
  }
}
