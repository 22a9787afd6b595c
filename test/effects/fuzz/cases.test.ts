import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { readFound, tryFound } from "./found.ts";

const found = readFound();

describe.each([14, 18])("what was found once stays found, on %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  }, 60_000);
  afterAll(async () => scratch.close());

  const cases = found.filter(({ majors: [from, to] }) => from <= major && major <= to);
  test.each(cases)(
    "$name",
    async (one) => {
      expect(await tryFound(scratch, one)).toEqual([]);
    },
    60_000,
  );
});
