import type { Session } from "../../pg/index.ts";
import type { Plan } from "../model.ts";
import { bothUncompared } from "./data/volatile.ts";
import { withoutFired } from "./fired.ts";
import { changeText, stepName, wayBack, type PlacedStep } from "./places.ts";
import { changedForGood, withoutDeleted } from "./refill.ts";
import type { Rows } from "./rows.ts";
import { messageOf, runChange } from "./run-step.ts";
import type { Scenario } from "./scenario.ts";
import { signature } from "./signature.ts";
import { compareStates, readState } from "./state.ts";
import { fail, type Tally } from "./tally.ts";

/** A point from which a plan is taken back. */
export interface Point {
  readonly plan: Plan;
  readonly scenario: Scenario;
  /** The step after which, or in which, it is taken back. */
  readonly place: PlacedStep;
  /** What the old release has written by then. */
  readonly rows: Rows | undefined;
  /** How the point is called, when it is not the end of the step. */
  readonly called?: string;
}

/**
 * Takes the plan back, twice, and compares with the start.
 * @returns true when all is as it was
 */
export async function goBack(session: Session, point: Point, tally: Tally): Promise<boolean> {
  const { plan, scenario, place, rows } = point;
  const { before, old, fired } = scenario;
  const from = point.called ?? stepName(place);
  tally.counted.aborts++;
  await runWayBack(session, point, from, tally);
  const found = await readState(session);
  const kept = withoutDeleted(plan, before.catalog, rows ?? before.rows);
  const expected = { ...before, rows: withoutFired(kept, fired) };
  // What triggers have done for filled rows stays.
  const unknown = bothUncompared(old.uncompared, fired.columns);
  const uncompared = changedForGood(plan, unknown, before.catalog);
  const differences = await compareStates(expected, found, { remains: plan.remains, uncompared });
  for (const one of differences)
    fail(tally, "abort", place, {
      statement: null,
      what: `after going back from ${from}, ${one.what}`,
      expected: one.expected,
      found: one.found,
      why: "an abort gives back the start, with all that was written meanwhile",
      next: "add to the step's undo what takes it back",
    });
  if (differences.length > 0) return false;
  const once = await signature(session);
  await runWayBack(session, point, `${from}, a second time`, tally);
  if ((await signature(session)) === once) return true;
  const again = await compareStates(found, await readState(session));
  for (const one of again)
    fail(tally, "abort", place, {
      statement: null,
      what: `after going back from ${from} a second time, ${one.what}`,
      expected: one.expected,
      found: one.found,
      why: "an abort that was cut off is run again",
      next: "make the undo harmless when there is nothing to undo",
    });
  return again.length === 0;
}

async function runWayBack(
  session: Session,
  { plan, place }: Point,
  from: string,
  tally: Tally,
): Promise<void> {
  for (const change of wayBack(plan))
    try {
      await runChange(session, change);
    } catch (error) {
      fail(tally, "abort", place, {
        statement: changeText(change),
        what: `going back from ${from} fails`,
        expected: "every undo goes well, however far the plan has come",
        found: messageOf(error),
        why: "an abort runs all of abort.sql, whichever steps were done",
        next: "make it harmless when its step was never done: IF EXISTS",
      });
    }
}
