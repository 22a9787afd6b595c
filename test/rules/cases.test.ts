import { describe, expect, test } from "vitest";
import { rules } from "../../src/rules/index.ts";
import { readCases } from "./support-cases.ts";
import { evaluateStatic } from "./support-evaluate.ts";
import { expected, marks } from "./support-marks.ts";

const cases = readCases();

test("every rule has a bad and a good case", () => {
  const spoken = new Set(["stale-suppression", "suppression-without-reason"]);
  const lacking = rules
    .filter(({ id }) => !spoken.has(id))
    .flatMap(({ id }) =>
      (["bad", "good"] as const)
        .filter((kind) => !cases.some((one) => one.rule === id && one.kind === kind))
        .map((kind) => `${id}: ${kind}`),
    );
  expect(lacking).toEqual([]);
});

test("cases and marks name rules that exist; bad cases mark their own, good ones at most as advice", () => {
  const known = new Set(rules.map(({ id }) => id));
  const names = cases.flatMap(({ rule, expected }) => [rule, ...expected.map((e) => e.rule)]);
  expect(names.filter((name) => !known.has(name))).toEqual([]);
  const own = cases.filter((one) => {
    const marks = one.expected.filter(({ rule }) => rule === one.rule);
    return one.kind === "bad" ? marks.length === 0 : marks.some(({ level }) => level === "hazard");
  });
  expect(own.map(({ rule, title }) => `${rule}: ${title}`)).toEqual([]);
});

test("safe twins of the union table are free of hazards of every rule", () => {
  const twins = cases.filter(({ kind, union }) => kind === "good" && union.length > 0);
  const marked = twins.filter(({ expected }) => expected.some(({ level }) => level === "hazard"));
  expect(marked.map(({ rule, title }) => `${rule}: ${title}`)).toEqual([]);
});

test("the union table has each of its rows", () => {
  const rows = new Set(cases.flatMap(({ union }) => union));
  const all = Array.from({ length: 116 }, (_, index) => index + 1);
  expect(all.filter((row) => !rows.has(row))).toEqual([]);
});

describe("predicted", () => {
  for (const one of cases.filter(({ only }) => only !== "observed")) {
    const majors = new Set([one.majors[0]!, one.majors.at(-1)!]);
    for (const major of majors)
      test(`${one.rule}, ${one.kind}: ${one.title} (${major})`, async () => {
        expect(marks((await evaluateStatic(one, major)).findings)).toEqual(expected(one));
      });
  }
});
