/**
 * Measures the forms of the matrix (`test/effects/matrix/forms/`) on real servers and writes
 * `test/effects/matrix/measured.json` and `docs/locks.md`.
 *
 *   node scripts/measure-matrix.mjs [PART…]
 *
 * With PARTs only the forms whose name or chapter contains one of them are measured; the others keep their facts.
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url);
const matrix = fileURLToPath(new URL("../test/effects/matrix/", import.meta.url));
const { readForms, majors } = await jiti.import(join(matrix, "support.ts"));
const { Bench } = await jiti.import(join(matrix, "support-measure.ts"));
const facts = await jiti.import(join(matrix, "support-facts.ts"));
const { locksPage, locksPageFile } = await jiti.import(join(matrix, "support-page.ts"));

const parts = process.argv.slice(2);
const forms = await readForms();
const wanted = forms.filter(
  ({ id, chapter }) =>
    parts.length === 0 || parts.some((part) => id.includes(part) || chapter.includes(part)),
);
const known = existsSync(facts.measuredFile) ? facts.readMeasured() : {};
const byForm = new Map(wanted.map(({ id }) => [id, new Map()]));
const failed = [];

async function measureOn(major) {
  const own = wanted.filter((form) => form.majors.includes(major));
  const bench = await Bench.start(major);
  for (const form of own)
    try {
      byForm.get(form.id).set(major, await bench.measure(form));
    } catch (error) {
      failed.push(error.message);
    }
  await bench[Symbol.asyncDispose]();
  process.stdout.write(`${major}: ${own.length} forms\n`);
}

const queue = [...majors];
const work = async () => {
  for (let major = queue.shift(); major !== undefined; major = queue.shift())
    await measureOn(major);
};
await Promise.all([work(), work()]);
for (const message of failed) process.stderr.write(`${message}\n`);
const measured = {};
for (const { id } of forms) {
  const own = byForm.get(id);
  if (own !== undefined) measured[id] = facts.mergeMajors(own);
  else if (known[id] !== undefined) measured[id] = known[id];
}
writeFileSync(facts.measuredFile, `${JSON.stringify(measured, null, 1)}\n`);
writeFileSync(locksPageFile, locksPage(forms, measured));
execFileSync("npx", ["oxfmt", facts.measuredFile, locksPageFile], { stdio: "ignore" });
process.exitCode = failed.length > 0 ? 1 : 0;
