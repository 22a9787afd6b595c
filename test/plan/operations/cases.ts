import { afterAll, beforeAll, describe, it } from "vitest";
import type { Plan } from "../../../src/plan/model.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { harnessed, type Subject } from "../../phases/harness.ts";
import { readTable } from "../../phases/harness-page.ts";
import { testOperation, type OperationCase } from "../operation-harness.ts";

export interface NamedCase extends Partial<OperationCase> {
  readonly name: string;
  readonly naive: string;
  /** Majors where the statement exists; all of them without it. */
  readonly from?: number;
  /** What else has to be so of the plan. */
  readonly also?: (plan: Plan) => void;
}

/** By scripts/plan-harness.mjs: each case is carried by processes that are killed, with both releases writing. */
const isHarness = process.env["LOCKSTEP_HARNESS_KILL_EVERY"] !== undefined;

/** A part of a case's name: the others are left out. */
const only = process.env["LOCKSTEP_HARNESS_ONLY"] ?? "";

/** What scripts/plan-harness.mjs has carried already. */
const carried = process.env["LOCKSTEP_HARNESS_MISSING"] === undefined ? {} : readTable();

const asked = process.env["LOCKSTEP_TEST_MAJORS"];

/** The majors on which operations are tried. */
const majors = (asked ?? "14,18").split(",").map(Number);

/**
 * Carries each case through on the newest major and every second one on the oldest; all of them on those that
 * `LOCKSTEP_TEST_MAJORS` names (`npm run test:full`).
 *
 * @param subject its row of docs/plan-operations.md
 * @param common what cases leave out
 */
export function testCases(
  subject: Subject,
  common: Pick<OperationCase, "base" | "old" | "new">,
  cases: readonly NamedCase[],
  more?: (scratch: () => Scratch, major: number) => void,
): void {
  describe.each(majors)(`${subject.operation} on Postgres %i`, (major) => {
    let scratch: Scratch;
    beforeAll(async () => {
      scratch = await startScratch({ major });
    });
    afterAll(() => scratch.close(), 180_000);

    const isTried = (n: number) => asked !== undefined || major !== 14 || n % 2 === 0;
    it.each(
      cases
        .filter(({ from = 14, name }) => major >= from && name.includes(only))
        .filter(({ name }) => carried[subject.operation]?.cases[name]?.[major]?.failures !== 0)
        .filter((_, n) => isTried(n)),
    )(
      "$name",
      async ({ also, ...one }) => {
        if (isHarness) return harnessed(scratch, subject, { ...common, ...one });
        const plan = await testOperation(scratch, { ...common, ...one });
        also?.(plan);
      },
      isHarness ? 1_800_000 : 180_000,
    );
    more?.(() => scratch, major);
  });
}
