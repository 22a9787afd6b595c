import { describe, expect, test } from "vitest";
import { factsOn, readMeasured } from "../../matrix/support-facts.ts";
import { readForms } from "../../matrix/support.ts";
import { compare, predicted } from "./compare.ts";

const forms = (await readForms()).filter(({ chapter }) => chapter.startsWith("alter-"));
const measured = readMeasured();

describe.each([14, 15, 16, 17, 18])("Postgres %i", (major) => {
  const own = forms.flatMap((form) => {
    const facts = factsOn(measured[form.id] ?? [], major);
    return facts === undefined ? [] : [{ form, facts }];
  });

  test("hundreds of forms are measured", () => {
    expect(own.length).toBeGreaterThan(600);
  });

  test.each(own)("$form.id", async ({ form, facts }) => {
    const { prediction, measurement } = compare(await predicted(form, major), facts);
    expect(prediction).toEqual(measurement);
  });
});
