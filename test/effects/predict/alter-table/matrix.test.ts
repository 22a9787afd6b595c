import { describe, expect, test } from "vitest";
import type { Effect } from "../../../../src/effects/effect.ts";
import { predict } from "../../../../src/effects/predict/predict.ts";
import { factsOn, readMeasured, toFacts, type Facts } from "../../matrix/support-facts.ts";
import { readForms, type Form } from "../../matrix/support.ts";
import { beyondTheCatalog } from "./beyond-the-catalog.ts";
import { idsOf, worldBefore } from "./world-before.ts";

const forms = (await readForms()).filter(({ chapter }) => chapter.startsWith("alter-"));
const measured = readMeasured();

async function predicted(form: Form, major: number): Promise<Effect> {
  const { world, session } = await worldBefore(form, major);
  return predict({ statement: form.statement, world, existing: idsOf(world), session });
}

/** What is compared: of a statement that cannot succeed only that and how it fails. */
function compared(facts: Facts, truth: Facts): Facts {
  const certain = facts.fails.filter((fail) => !fail.startsWith("on-rows"));
  if (truth.fails.some((fail) => fail.startsWith("always")))
    return { locks: {}, work: [], fails: certain };
  return { locks: facts.locks, work: facts.work, fails: certain };
}

/** Rows may fail a statement in more ways than the generated ones did. */
function foreseen(facts: Facts, truth: Facts): readonly string[] {
  return truth.fails.filter((fail) => fail.startsWith("on-rows") && !facts.fails.includes(fail));
}

describe.each([14, 15, 16, 17, 18])("Postgres %i", (major) => {
  const own = forms.filter(({ majors }) => majors.some((each) => each === major));

  test("every form is measured", () => {
    const lacking = own.filter(({ id }) => factsOn(measured[id] ?? [], major) === undefined);
    expect(lacking.map(({ id }) => id)).toEqual([]);
  });

  test.each(own.filter(({ id }) => !beyondTheCatalog.has(id)))("$id", async (form) => {
    const truth = factsOn(measured[form.id] ?? [], major)!;
    const effect = await predicted(form, major);
    const facts = toFacts(effect);
    expect(compared(facts, truth)).toEqual(compared(truth, truth));
    expect(foreseen(facts, truth)).toEqual([]);
    expect(effect.unknown).toEqual([]);
  });
});

test("forms beyond the catalog are forms", () => {
  const ids = new Set(forms.map(({ id }) => id));
  expect([...beyondTheCatalog.keys()].filter((id) => !ids.has(id))).toEqual([]);
});
