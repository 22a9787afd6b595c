import { expect, it } from "vitest";
import { cases } from "../../../bench/stall/cases.ts";
import { operations } from "../../../src/plan/operations/all.ts";

it("every operation has a case of which the stall is measured", () => {
  const measured = new Set(cases.map(({ operation }) => operation));
  expect(operations.map(({ name }) => name).filter((name) => !measured.has(name))).toEqual([]);
});
