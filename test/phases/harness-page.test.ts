import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { mergeCases, operationsPage, pageFile, readTable } from "./harness-page.ts";

it("docs/plan-operations.md shows what was carried", () => {
  const page = readFileSync(pageFile, "utf8");
  expect(operationsPage(page, readTable()) === page).toBe(true);
});

it("a case that is carried again has its new row, and one that is gone has none", () => {
  const one = {
    operation: "rename",
    does: "all",
    plan: "p",
    killEvery: 4,
    kills: 3,
    statements: 5,
  };
  const first = mergeCases(
    {},
    [
      { ...one, name: "a", version: "18.1", failures: ["lost"] },
      { ...one, name: "b", version: "18.1", failures: [] },
      { ...one, name: "b", version: "14.9", failures: [] },
    ],
    true,
  );
  const again = [{ ...one, name: "b", version: "18.2", kills: 9, failures: [] }];
  const rows = (version: string, kills: number, failures = 0) => ({
    plan: "p",
    version,
    killEvery: 4,
    kills,
    statements: 5,
    failures,
  });
  expect(mergeCases(first, again, true)["rename"]?.cases).toEqual({
    b: { 14: rows("14.9", 3), 18: rows("18.2", 9) },
  });
  expect(mergeCases(first, again, false)["rename"]?.cases["a"]).toEqual({
    18: rows("18.1", 3, 1),
  });
});
