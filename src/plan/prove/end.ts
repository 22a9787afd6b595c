import { placedSteps, stepName, stepText } from "./places.ts";
import type { ProofRequest } from "./request.ts";
import { messageOf, runStep } from "./run-step.ts";
import type { Stage } from "./stage.ts";
import { compareStates, readState } from "./state.ts";
import { fail, type Tally } from "./tally.ts";

/** The end of the plan against the end of the migration as written. */
export async function proveEnd(
  stage: Stage,
  { naive, plan }: ProofRequest,
  start: string,
  tally: Tally,
): Promise<void> {
  await using written = await stage.play(start);
  for (const { sql } of naive) await written.session.query(sql);
  const goal = await readState(written.session);
  await using played = await stage.play(start);
  for (const place of placedSteps(plan)) {
    try {
      await runStep(played.session, place.step);
    } catch (error) {
      fail(tally, "catalog", place, {
        statement: stepText(place.step),
        what: `${stepName(place)} fails`,
        expected: "every step goes well, one after the other",
        found: messageOf(error),
        why: "what the step needs is not there yet, or is there already",
        next: "correct the step, or the order of the steps",
      });
      return;
    }
  }
  const end = await readState(played.session);
  for (const { what, expected, found, ofRows } of await compareStates(goal, end))
    fail(tally, ofRows ? "data" : "catalog", undefined, {
      statement: null,
      what: `in the end, ${what}`,
      expected,
      found,
      why: "the plan must end where the migration as written ends",
      next: "add to the plan what makes up for it, or take out what makes it",
    });
}
