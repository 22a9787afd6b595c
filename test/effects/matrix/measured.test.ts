import { expect, it } from "vitest";
import { factsOn, readMeasured } from "./support-facts.ts";
import { Bench } from "./support-measure.ts";
import { majors, readForms } from "./support.ts";

const all = process.env["LOCKSTEP_MATRIX"] === "all";
/** Every so many forms are measured again; all of them in an hour of one's own. */
const every = all ? 1 : 40;

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

it.each(majors)(
  "is measured again on %i",
  async (major) => {
    const measured = readMeasured();
    const forms = (await readForms()).filter(({ majors: own }) => own.includes(major));
    await using bench = await Bench.start(major);
    const [expected, found]: [unknown[], unknown[]] = [[], []];
    for (const [index, form] of forms.entries()) {
      // Another share of them on each major.
      if ((index + major) % every !== 0) continue;
      const again = await bench.measure(form);
      const { locks, work, fails } = factsOn(measured[form.id]!, major)!;
      expected.push({ id: form.id, locks, work, fails });
      found.push({ id: form.id, ...again });
    }
    expect(found).toEqual(expected);
  },
  all ? 3_600_000 : 60_000,
);
