import type { Session } from "../../pg/index.ts";
import type { Plan } from "../model.ts";
import { goBack } from "./go-back.ts";
import { proveHalfWay } from "./half-way.ts";
import { placedSteps, stepName, stepText, type PlacedStep } from "./places.ts";
import { send } from "./release/sent.ts";
import type { ReleaseStatement } from "./release/statements.ts";
import { repeatSteps } from "./repeat.ts";
import { failureOf, runStep } from "./run-step.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { fail, type Tally } from "./tally.ts";

/**
 * Stops after every step: it is done once more, then the plan is taken back and begun anew, while the old release goes
 * on writing. In the end the plan is carried through.
 */
export async function provePoints(
  stage: Stage,
  plan: Plan,
  scenario: Scenario,
  tally: Tally,
): Promise<void> {
  const places = placedSteps(plan);
  const both = plan.expand.length + plan.backfill.length;
  const { start, old } = scenario;
  const forward = await stage.copy(start);
  await stage.visit(forward, (session) => write(session, old.writes[0]));
  for (const [n, place] of places.slice(0, both).entries()) {
    const done = places.slice(0, n);
    const isLast = places[n + 1]?.phase !== place.phase;
    if (!(await stage.visit(forward, (session) => redo(session, done, tally)))) return;
    const point = { plan, scenario, place };
    if (place.step.kind === "outside")
      await proveHalfWay(stage, forward, { ...point, rows: old.rows[n] }, tally);
    const goesOn = await stage.visit(forward, async (session) => {
      // A step that fails is told by the walk.
      if ((await failureOf(runStep(session, place.step))) !== undefined) return false;
      await write(session, old.writes[n + 1]);
      await repeatSteps(session, place, isLast ? plan[place.phase] : [], tally);
      return goBack(session, { ...point, rows: old.rows[n + 1] }, tally);
    });
    if (!goesOn) return;
  }
  await finish(stage, forward, places, both, scenario, plan, tally);
}

/** The contract phase, from which there is no way back. */
async function finish(
  stage: Stage,
  forward: string,
  places: readonly PlacedStep[],
  both: number,
  { new: release }: Scenario,
  plan: Plan,
  tally: Tally,
): Promise<void> {
  if (!(await stage.visit(forward, (session) => redo(session, places.slice(0, both), tally))))
    return;
  await stage.visit(forward, (session) => write(session, release.writes[0]));
  for (const [n, place] of places.slice(both).entries()) {
    if (place.step.kind === "outside") await proveHalfWay(stage, forward, { place }, tally);
    const goesOn = await stage.visit(forward, async (session) => {
      if ((await failureOf(runStep(session, place.step))) !== undefined) return false;
      await write(session, release.writes[n + 1]);
      const isLast = both + n === places.length - 1;
      await repeatSteps(session, place, isLast ? plan.contract : [], tally);
      return true;
    });
    if (!goesOn) return;
  }
}

/** Begins anew after the plan was taken back. */
async function redo(
  session: Session,
  places: readonly PlacedStep[],
  tally: Tally,
): Promise<boolean> {
  for (const place of places) {
    const failure = await failureOf(runStep(session, place.step));
    if (failure === undefined) continue;
    fail(tally, "abort", place, {
      statement: stepText(place.step),
      what: `after the plan was taken back, ${stepName(place)} fails`,
      expected: "a plan that was taken back can be begun anew",
      found: failure,
      why: "something was left behind, or is gone that was there",
      next: "add to the step's undo what takes it back",
    });
    return false;
  }
  return true;
}

/** Writes of a release; what fails is told by the walk. */
async function write(
  session: Session,
  statements: readonly ReleaseStatement[] = [],
): Promise<void> {
  for (const one of statements) await failureOf(send(session, one));
}
