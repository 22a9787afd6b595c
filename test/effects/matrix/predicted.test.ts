import { expect, it } from "vitest";
import { copyWorld } from "../../../src/effects/index.ts";
import { differences, predictForm } from "./support-compare.ts";
import { factsOn, readMeasured } from "./support-facts.ts";
import { majors, readForms } from "./support.ts";

/** They fail because of something that the light catalog does not hold. */
const beyond = new Map([
  ["alter-set-tablespace-missing", "tablespaces"],
  ["alter-owner-missing-role", "roles"],
  ["alter-set-access-method-missing", "access methods"],
  ["alter-system", "the names of settings"],
  ["cluster-no-index", "which index a table was clustered by"],
  ["create-extension-there", "extensions that every database has"],
]);

it.each(majors)("predictions equal what was measured on %i", async (major) => {
  const measured = readMeasured();
  const wrong: string[] = [];
  for (const form of await readForms()) {
    const facts = factsOn(measured[form.id] ?? [], major);
    if (facts === undefined) continue;
    const found = differences(await predictForm(form, major, copyWorld), facts, form.statement);
    const isBeyond = beyond.has(form.id) && found.every((line) => line.includes("it fails"));
    if (found.length > 0 && !isBeyond) wrong.push(`${form.id}: ${found.join("; ")}`);
  }
  expect(wrong).toEqual([]);
});
