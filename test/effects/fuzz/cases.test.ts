import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { readFound, tryFound } from "./found.ts";

const found = readFound();

/** The oldest major too where `LOCKSTEP_TEST_MAJORS` names any (`npm run test:full`). */
const majors = process.env["LOCKSTEP_TEST_MAJORS"] === undefined ? [18] : [14, 18];

describe.each(majors)("what was found once stays found, on %i", (major) => {
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
