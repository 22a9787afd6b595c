import { changeText, placedSteps, stepName, wayBack } from "./places.ts";
import type { ProofRequest } from "./request.ts";
import { messageOf, runChange, runStep } from "./run-step.ts";
import type { Stage } from "./stage.ts";
import { compareStates, readState } from "./state.ts";
import { fail, type Tally } from "./tally.ts";

/** The way back from every point before the contract phase. */
export async function proveAborts(
  stage: Stage,
  { plan }: ProofRequest,
  start: string,
  tally: Tally,
): Promise<void> {
  await using before = await stage.play(start);
  const expected = await readState(before.session);
  const forward = await stage.copy(start);
  for (const place of placedSteps(plan).filter(({ phase }) => phase !== "contract")) {
    {
      await using session = await stage.open(forward);
      await runStep(session, place.step);
    }
    await using back = await stage.play(forward.name);
    tally.counted.aborts++;
    for (const change of wayBack(plan))
      try {
        await runChange(back.session, change);
      } catch (error) {
        fail(tally, "abort", place, {
          statement: changeText(change),
          what: `taking the plan back after ${stepName(place)} fails`,
          expected: "every undo goes well, however far the plan has come",
          found: messageOf(error),
          why: "an abort runs all of abort.sql, whichever steps were done",
          next: "make it harmless when its step was never done: IF EXISTS",
        });
      }
    const found = await readState(back.session);
    for (const one of await compareStates(expected, found, { remains: plan.remains }))
      fail(tally, "abort", place, {
        statement: null,
        what: `after going back from ${stepName(place)}, ${one.what}`,
        expected: one.expected,
        found: one.found,
        why: "an abort gives back the start, with all that was written meanwhile",
        next: "add to the step's undo what takes it back",
      });
  }
}
