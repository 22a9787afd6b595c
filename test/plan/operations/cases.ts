import { afterAll, beforeAll, describe, it } from "vitest";
import type { Plan } from "../../../src/plan/model.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { harnessed, type Subject } from "../../phases/harness.ts";
import { isChosen, isHarness } from "../../phases/harness-choice.ts";
import { testOperation, type OperationCase } from "../operation-harness.ts";

export interface NamedCase extends Partial<OperationCase> {
  readonly name: string;
  readonly naive: string;
  /** Majors where the statement exists; all of them without it. */
  readonly from?: number;
  /** What else has to be so of the plan. */
  readonly also?: (plan: Plan) => void;
}

const asked = process.env["LOCKSTEP_TEST_MAJORS"];

/** The majors on which operations are tried. */
const majors = (asked ?? "14,18").split(",").map(Number);

/**
 * Carries each case through on one of two majors: every third on the oldest, the others on the newest; all of them on each
 * major that `LOCKSTEP_TEST_MAJORS` names (`npm run test:full`).
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
  const isTried = (major: number, { from = 14 }: NamedCase, n: number) =>
    asked === undefined ? major === (from === 14 && n % 3 === 1 ? 14 : 18) : major >= from;
  const tried = (major: number) =>
    cases.filter(
      (one, n) => isTried(major, one, n) && isChosen(subject.operation, one.name, major),
    );
  const own = majors.filter(
    (major) => tried(major).length > 0 || (more !== undefined && !isHarness),
  );
  describe.each(own)(`${subject.operation} on Postgres %i`, (major) => {
    let scratch: Scratch;
    beforeAll(async () => {
      scratch = await startScratch({ major });
    });
    afterAll(() => scratch.close(), 180_000);

    if (isHarness)
      // It waits more than it works: several cases go on beside each other.
      it.concurrent.each(tried(major))(
        "$name",
        (one) => harnessed(scratch, subject, { ...common, ...one }),
        1_800_000,
      );
    else {
      it.each(tried(major))(
        "$name",
        async ({ also, ...one }) => {
          const plan = await testOperation(scratch, { ...common, ...one });
          also?.(plan);
        },
        180_000,
      );
      more?.(() => scratch, major);
    }
  });
}
