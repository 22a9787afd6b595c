import type { Session } from "../../pg/index.ts";
import type { Step } from "../model.ts";
import { stepName, stepText, type PlacedStep } from "./places.ts";
import { failureOf, runStep } from "./run-step.ts";
import { signature } from "./signature.ts";
import { compareStates, readState } from "./state.ts";
import { fail, type Tally } from "./tally.ts";

/**
 * Does a step once more, and then the phase that ends with it: whatever comes of it, nothing must change. A fill that
 * visits each row once is not done again: its cursor, which moves in the transaction of each batch, stands behind the last.
 * Nor is one with the phase after which another has filled the same table: that it is done was recorded before that one began.
 *
 * @param phase its steps; empty when the phase goes on
 */
export async function repeatSteps(
  session: Session,
  place: PlacedStep,
  phase: readonly Step[],
  tally: Tally,
): Promise<void> {
  await repeat(session, [place.step], place, `${stepName(place)} is run again`, tally);
  const last = phase.filter((step, n) => !isFilledAgain(step, phase.slice(n + 1)));
  if (last.length > 0)
    await repeat(session, last, place, `the ${place.phase} phase is run again`, tally);
}

function isFilledAgain(step: Step, later: readonly Step[]): boolean {
  return (
    step.kind === "fill" &&
    later.some(
      (one) =>
        one.kind === "fill" &&
        one.table.schema === step.table.schema &&
        one.table.name === step.table.name,
    )
  );
}

async function repeat(
  session: Session,
  all: readonly Step[],
  place: PlacedStep,
  when: string,
  tally: Tally,
): Promise<void> {
  const steps = all.filter((step) => step.kind !== "fill" || step.once !== true);
  if (steps.length === 0) return;
  tally.counted.repeats++;
  // Rows that were written since the fill came by are its to change; then it has nothing more to do.
  for (const step of steps) if (step.kind === "fill") await failureOf(runStep(session, step));
  const once = await signature(session);
  const before = await readState(session);
  for (const step of steps) await failureOf(runStep(session, step));
  if ((await signature(session)) === once) return;
  for (const one of await compareStates(before, await readState(session)))
    fail(tally, "repeat", place, {
      statement: stepText(place.step),
      what: `when ${when}, ${one.what}`,
      expected: one.expected,
      found: one.found,
      why: "a run that was cut off does not know whether its last step was done, and does it again",
      next: "make the step change nothing when it is done: IF NOT EXISTS, a condition, or one transaction with what makes it fail",
    });
}
