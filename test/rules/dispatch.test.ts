import { expect, test } from "vitest";
import { rules, type Rule } from "../../src/rules/index.ts";
import { readCases } from "./support-cases.ts";
import { evaluateStatic } from "./support-evaluate.ts";

/** Rules that are asked about everything. */
const curious = rules.map(({ kinds: _kinds, axis: _axis, work: _work, ...rule }): Rule => rule);

test("what a rule is not asked about, it has nothing to say about", async () => {
  const limited = new Set(
    rules.filter(({ kinds, axis, work }) => kinds ?? axis ?? work).map(({ id }) => id),
  );
  const spoken = new Set<string>();
  for (const one of readCases()) {
    const major = one.majors.at(-1)!;
    const { findings } = await evaluateStatic(one, major);
    const asked = await evaluateStatic(one, major, curious);
    expect(findings, `${one.rule}: ${one.title}`).toEqual(asked.findings);
    for (const { rule } of findings) spoken.add(rule);
  }
  expect(limited.size).toBeGreaterThan(30);
  expect([...limited].filter((id) => !spoken.has(id))).toEqual([]);
}, 300_000);
