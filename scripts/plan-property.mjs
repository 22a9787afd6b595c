/**
 * Random migrations of random schemas: each is planned, each plan is proven (`src/plan/prove/`), and each refusal must
 * have a true reason. Every so-many-th is then carried by `src/phases` while two sessions of each release send random
 * statements and commit them; then four sessions upsert the same new keys in one moment, where a unique index has another
 * one beside it, as it has in most migrations whose number, not 0, can be divided by 8. Everything but the moments of those is made
 * from the seed: the same seed gives the same cases.
 *
 *   node scripts/plan-property.mjs [--major 18]… [--seed 1] [--cases 500] [--from 0] [--only 26,42] [--carry-every 4]
 *     [--jobs 2] [--minutes N] [--show] [--refused]
 *
 * Prints what became of the cases, and each that is not proven with its schema left away; `--show` prints the schema
 * too, `--refused` what was refused and why. `--only`: these numbers instead of all. `--minutes`: later no case is begun. Ends with 1 when a plan is not proven, a refusal is not true or something crashed.
 */
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { writeProgram } from "./program.mjs";

const program = await writeProgram("test/plan/property/case.ts");
const { startScratch, tryCase } = createRequire(import.meta.url)(program.file);
program.remove();

const { values } = parseArgs({
  options: {
    major: { type: "string", multiple: true, default: ["18"] },
    seed: { type: "string", default: "1" },
    cases: { type: "string", default: "500" },
    from: { type: "string", default: "0" },
    "carry-every": { type: "string", default: "4" },
    jobs: { type: "string", default: "2" },
    minutes: { type: "string", default: "Infinity" },
    only: { type: "string" },
    show: { type: "boolean", default: false },
    refused: { type: "boolean", default: false },
  },
});
const [seed, cases, from, every, jobs] = ["seed", "cases", "from", "carry-every", "jobs"].map(
  (name) => Number(values[name]),
);
const bad = new Set(["unproven", "carried-wrongly", "refused-wrongly", "crashed"]);
const wanted =
  values.only?.split(",").map(Number) ?? Array.from({ length: cases }, (_, at) => from + at);

for (const major of values.major) {
  const scratch = await startScratch({ major: Number(major) });
  const counts = new Map();
  let [sent, upserts, last] = [0, 0, from - 1];
  const numbers = wanted.values();
  const work = async () => {
    for (const number of numbers) {
      if (performance.now() > Number(values.minutes) * 60_000) return;
      last = number;
      const result = await tryCase(scratch, seed, number, number % every === 0);
      sent += result.statements ?? 0;
      upserts += result.upserts ?? 0;
      counts.set(result.outcome, (counts.get(result.outcome) ?? 0) + 1);
      if (bad.has(result.outcome)) process.exitCode = 1;
      if (bad.has(result.outcome) || (values.refused && result.outcome === "refused"))
        process.stdout.write(`${text(result)}\n`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  await scratch.close();
  const told = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  process.stdout.write(
    `Postgres ${major}, seed ${seed}, cases ${values.only ?? `${from} to ${last}`}: ${told}; ${sent} statements of writers, ${upserts} upserts of new keys in one moment\n`,
  );
}

function text({ number, schema, migration, outcome, reasons }) {
  return [
    `## case ${number}: ${outcome}`,
    ...(values.show ? schema.map((sql) => `   ${sql};`) : []),
    ...migration.map((sql) => `  ${sql};`),
    ...reasons.slice(0, 4).map((reason) => `    ${reason.slice(0, 600)}`),
  ].join("\n");
}
