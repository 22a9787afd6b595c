import { expect, test } from "vitest";
import { startScratch } from "../../../src/scratch/index.ts";
import { reportText } from "./report.ts";
import { fuzz } from "./run.ts";

/** The reduced form of `scripts/fuzz-effects.mjs`: the same statements every time. */
test("what a server does to random schemas is what was predicted", async () => {
  await using scratch = await startScratch({ major: 18 });
  const result = await fuzz({
    scratch,
    seed: 20,
    schemas: 3,
    jobs: 3,
    single: 100,
    sequence: 15,
    together: 10,
  });
  expect(result.differences, reportText(result)).toEqual([]);
  expect(result.notKnown).toBeLessThan(result.compared / 50);
  expect(result.compared).toBeGreaterThan(300);
  expect(result.succeeded).toBeGreaterThan(result.compared / 3);
}, 120_000);
