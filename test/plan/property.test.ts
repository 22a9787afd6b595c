import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { tryCase } from "./property/case.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** The reduced form of `scripts/plan-property.mjs`: the same cases every time. */
it.each(Array.from({ length: 6 }, (_, number) => number))(
  "random migration %i is proven, or refused for a true reason",
  async (number) => {
    const isCarried = number % 5 === 0;
    const { outcome, migration, reasons } = await tryCase(
      scratch,
      1,
      number,
      isCarried,
      number < 3,
    );
    expect(["proven", "carried", "refused"], [...migration, ...reasons].join("\n")).toContain(
      outcome,
    );
    if (outcome === "refused") expect(reasons.join("")).not.toBe("");
  },
  120_000,
);
