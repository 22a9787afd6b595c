import type { Session } from "../../pg/index.ts";
import type { Plan } from "../model.ts";
import { changeText, placedSteps, stepName, wayBack, type PlacedStep } from "./places.ts";
import { messageOf, runChange, runStep } from "./run-step.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { compareStates, readState } from "./state.ts";
import { fail, type Tally } from "./tally.ts";

/** The way back from every point before the contract phase, with the old release's writes up to there. */
export async function proveAborts(
  stage: Stage,
  plan: Plan,
  { start, before, old }: Scenario,
  tally: Tally,
): Promise<void> {
  const forward = await stage.copy(start);
  const write = async (session: Session, point: number) => {
    for (const { sql } of old.writes[point] ?? []) await session.query(sql).catch(() => undefined);
  };
  await stage.visit(forward, (session) => write(session, 0));
  const places = placedSteps(plan).filter(({ phase }) => phase !== "contract");
  for (const [n, place] of places.entries()) {
    const failed = await stage.visit(forward, async (session) => {
      try {
        await runStep(session, place.step);
        await write(session, n + 1);
        return false;
      } catch {
        return true;
      }
    });
    // Told by the walk already.
    if (failed) return;
    await using back = await stage.play(forward);
    tally.counted.aborts++;
    await goBack(back.session, plan, place, tally);
    const expected = { ...before, rows: old.rows[n + 1]! };
    const found = await readState(back.session);
    const { uncompared } = old;
    for (const one of await compareStates(expected, found, { remains: plan.remains, uncompared }))
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

async function goBack(
  session: Session,
  plan: Plan,
  place: PlacedStep,
  tally: Tally,
): Promise<void> {
  for (const change of wayBack(plan))
    try {
      await runChange(session, change);
    } catch (error) {
      fail(tally, "abort", place, {
        statement: changeText(change),
        what: `going back from ${stepName(place)} fails`,
        expected: "every undo goes well, however far the plan has come",
        found: messageOf(error),
        why: "an abort runs all of abort.sql, whichever steps were done",
        next: "make it harmless when its step was never done: IF EXISTS",
      });
    }
}
