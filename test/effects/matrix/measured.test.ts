import { expect, it } from "vitest";
import { factsOn, readMeasured } from "./support-facts.ts";
import { Bench } from "./support-measure.ts";
import { majors, readForms } from "./support.ts";

/**
 * What is measured again: every 40th form by default; `LOCKSTEP_MATRIX=all` every one, `LOCKSTEP_MATRIX=2/8` the third of
 * eight parts, on the majors that `LOCKSTEP_TEST_MAJORS` names (`14,18`) or on all of them.
 */
const { LOCKSTEP_MATRIX: wanted, LOCKSTEP_TEST_MAJORS: named } = process.env;
const [part, every] =
  wanted === undefined ? [undefined, 40] : wanted === "all" ? [0, 1] : partOf(wanted);
const chosen = named === undefined ? majors : named.split(",").map(Number);

function partOf(text: string): readonly [number, number] {
  const [at, of] = text.split("/").map(Number);
  if (at === undefined || of === undefined || !(at < of))
    throw new Error(`LOCKSTEP_MATRIX is "all" or a part such as "2/8", not "${text}"`);
  return [at, of];
}

it("has facts of every form on every major that it is for", async () => {
  const measured = readMeasured();
  const forms = await readForms();
  const missing = forms.flatMap(({ id, majors: own }) =>
    own
      .filter((major) => factsOn(measured[id] ?? [], major) === undefined)
      .map((major) => `${id} on ${major}`),
  );
  expect(missing).toEqual([]);
  const ids = new Set(forms.map(({ id }) => id));
  expect(Object.keys(measured).filter((id) => !ids.has(id))).toEqual([]);
  expect(forms.length).toBeGreaterThanOrEqual(400);
});

it.each(chosen)(
  "is measured again on %i",
  async (major) => {
    const measured = readMeasured();
    const forms = (await readForms()).filter(({ majors: own }) => own.includes(major));
    await using bench = await Bench.start(major);
    const [expected, found]: [unknown[], unknown[]] = [[], []];
    for (const [index, form] of forms.entries()) {
      // Another share of them on each major.
      if ((part === undefined ? index + major : index - part) % every !== 0) continue;
      const again = await bench.measure(form);
      const { locks, work, fails } = factsOn(measured[form.id]!, major)!;
      expected.push({ id: form.id, locks, work, fails });
      found.push({ id: form.id, ...again });
    }
    expect(found).toEqual(expected);
  },
  wanted === undefined ? 60_000 : 3_600_000,
);
