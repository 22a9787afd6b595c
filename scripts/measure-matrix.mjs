/**
 * Measures the forms of the matrix (`test/effects/matrix/forms/`) on real servers and writes
 * `test/effects/matrix/measured.json` and `docs/locks.md`.
 *
 *   node scripts/measure-matrix.mjs [--major 18] [--missing] [PART…]
 *
 * With PARTs only the forms whose name or chapter contains one of them are measured, with --missing only those that have no
 * facts yet; the others keep theirs.
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createJiti } from "jiti";

const jiti = createJiti(import.meta.url);
const matrix = fileURLToPath(new URL("../test/effects/matrix/", import.meta.url));
const { readForms, majors } = await jiti.import(join(matrix, "support.ts"));
const { Bench } = await jiti.import(join(matrix, "support-measure.ts"));
const facts = await jiti.import(join(matrix, "support-facts.ts"));
const { locksPage, locksPageFile } = await jiti.import(join(matrix, "support-page.ts"));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    major: { type: "string", multiple: true, default: majors.map(String) },
    missing: { type: "boolean", default: false },
  },
});
const forms = await readForms();
const known = existsSync(facts.measuredFile) ? facts.readMeasured() : {};
/** By form, then by major. */
const byForm = new Map(
  forms.map((form) => [
    form.id,
    new Map(
      form.majors.flatMap((major) => {
        const found = facts.factsOn(known[form.id] ?? [], major);
        return found === undefined ? [] : [[major, facts.plain(found)]];
      }),
    ),
  ]),
);

function isWanted({ id, chapter, majors: own }, major) {
  if (!own.includes(major) || (values.missing && byForm.get(id).has(major))) return false;
  return (
    positionals.length === 0 ||
    positionals.some((part) => id.includes(part) || chapter.includes(part))
  );
}

async function measureOn(major) {
  const wanted = forms.filter((form) => isWanted(form, major));
  const bench = await Bench.start(major);
  for (const form of wanted)
    try {
      byForm.get(form.id).set(major, await bench.measure(form));
    } catch (error) {
      byForm.get(form.id).delete(major);
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 1;
    }
  await bench[Symbol.asyncDispose]();
  write();
  process.stdout.write(`${major}: ${wanted.length} forms\n`);
}

function write() {
  const measured = Object.fromEntries(
    forms.map(({ id }) => [id, facts.mergeMajors(byForm.get(id))]),
  );
  writeFileSync(facts.measuredFile, `${JSON.stringify(measured, null, 1)}\n`);
  writeFileSync(locksPageFile, locksPage(forms, measured));
  execFileSync("npx", ["oxfmt", facts.measuredFile], { stdio: "ignore" });
}

const queue = values.major.map(Number);
const work = async () => {
  for (let major = queue.shift(); major !== undefined; major = queue.shift())
    await measureOn(major);
};
await Promise.all([work(), work()]);
