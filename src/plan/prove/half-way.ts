import { introspect } from "../../catalog/index.ts";
import { quoteQualified } from "../../sql/index.ts";
import { goBack, type Point } from "./go-back.ts";
import { stepName, stepText, type PlacedStep } from "./places.ts";
import { failureOf, runStep } from "./run-step.ts";
import type { Played, Stage } from "./stage.ts";
import { compareStates, readState } from "./state.ts";
import { fail, type Tally } from "./tally.ts";

/**
 * Lets a step that runs outside a transaction fail half-way: it waits for a writer that does not end, and its patience
 * ends first. What it leaves behind (an invalid index) must go with an abort, and must not pass for the real thing
 * when the step is run again.
 *
 * @param before database as it is before the step
 * @param point in the contract phase, from which there is no way back, the step alone
 */
export async function proveHalfWay(
  stage: Stage,
  before: string,
  point: Point | { readonly place: PlacedStep },
  tally: Tally,
): Promise<void> {
  const { place } = point;
  await using copy = await stage.play(before);
  if (!(await stopHalfWay(stage, copy, place))) return;
  if ((await failureOf(runStep(copy.session, place.step))) === undefined) {
    await using whole = await stage.play(before);
    await runStep(whole.session, place.step);
    const [expected, found] = [await readState(whole.session), await readState(copy.session)];
    for (const one of await compareStates(expected, found))
      fail(tally, "repeat", place, {
        statement: stepText(place.step),
        what: `when ${stepName(place)} fails half-way and is run again, it says that all is well, and ${one.what}`,
        expected: one.expected,
        found: one.found,
        why: "an index whose building failed stays, invalid, and IF NOT EXISTS is content with it",
        next: "leave IF NOT EXISTS out: what was left behind is seen and built again",
      });
  }
  if ("plan" in point)
    await goBack(copy.session, { ...point, called: `the middle of ${stepName(place)}` }, tally);
}

/** @returns false when the step waits for no writer */
async function stopHalfWay(
  stage: Stage,
  { name, session }: Played,
  { step }: PlacedStep,
): Promise<boolean> {
  const { tables } = await introspect(session, { parts: ["tables"] });
  const names = Object.values(tables)
    .filter(({ kind }) => kind !== "foreign")
    .map((table) => quoteQualified(table.schema, table.name));
  if (names.length === 0) return false;
  await using writer = await stage.open(name);
  await writer.batch(`BEGIN; LOCK TABLE ONLY ${names.join(", ONLY ")} IN ROW EXCLUSIVE MODE`);
  await session.query("SET lock_timeout = '30ms'");
  const failure = await failureOf(runStep(session, step));
  await session.query("RESET lock_timeout");
  return failure !== undefined;
}
