import { isFlagFill } from "../../backfill/index.ts";
import { introspect, type QualifiedName } from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import { quoteQualified, type Statement } from "../../sql/index.ts";
import type { Fill, Step } from "../model.ts";
import { bothFired, firedBy, hasFiring, nothingFired, type Fired } from "./fired.ts";
import { apartInBatches } from "./in-batches.ts";
import { movedUnlike, type End } from "./moved.ts";
import { placedSteps, stepName, stepText, type PlacedStep } from "./places.ts";
import { send } from "./release/sent.ts";
import type { ProofRequest } from "./request.ts";
import { compareRows, readRows, shownRow } from "./rows.ts";
import { failureOf, runStep } from "./run-step.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { fail, type Tally } from "./tally.ts";
import { forPeople } from "../wording.ts";

/**
 * Carries a plan through while nobody writes, where its fills fire the application's triggers: how often one fires, and for
 * which rows, is then to be as with the migration as written. Beside writers it cannot be told: what the old release writes
 * behind a fill, it writes before the migration without a plan.
 *
 * @returns what triggers do for filled rows, which is not to be compared beside writers
 */
export async function proveWithoutWriters(
  stage: Stage,
  { plan, naive }: ProofRequest,
  scenario: Scenario,
  tally: Tally,
): Promise<Fired> {
  const { old, start } = scenario;
  if (!hasFiring(plan, old.catalog)) return nothingFired;
  const base = await stage.copy(start);
  const before = await stage.visit(base, async (session) => {
    for (const write of old.writes.flat()) await failureOf(send(session, write));
    return { catalog: await introspect(session), rows: await readRows(session, old.catalog) };
  });
  await using played = await stage.play(base);
  const made: Fired[] = [];
  const own: { readonly fired: Fired; readonly isFlag: boolean }[] = [];
  for (const place of placedSteps(plan)) {
    const { step } = place;
    const fired = await firedBy(played.session, step);
    if (isOwnFill(step, naive)) own.push({ fired, isFlag: isFlagFill(step) });
    else made.push(fired);
    if (step.kind === "fill") await tellApart(played.session, place, step, tally);
    // The walk tells of what fails.
    if ((await failureOf(runStep(played.session, step))) !== undefined) return nothingFired;
    if (fired.columns.size > 0) tally.remarks.add(remarkOf(fired, stepName(place)));
  }
  await using written = await stage.play(base);
  for (const { sql } of naive) await written.session.query(sql);
  const byOwn = own.map(({ fired }) => fired).reduce(bothFired, nothingFired);
  const ends = { expected: await end(written.session), found: await end(played.session) };
  const nextFor = (table: QualifiedName) => {
    const kinds = own.flatMap(({ fired, isFlag }) =>
      fired.columns.has(table) || fired.tables.has(table) ? [isFlag] : [],
    );
    return kinds.length === 0 ? undefined : kinds.includes(true) ? passOver : byUpdate;
  };
  for (const one of compareRows(ends.expected.rows, ends.found.rows, scenario.uncompared))
    tell(tally, nextFor(one.table), {
      what: `${one.missing.length} rows of ${one.table} are missing, ${one.extra.length} are other than they should be`,
      expected: shownRow(one.missing[0]),
      found: shownRow(one.extra[0]),
    });
  const { uncompared } = scenario;
  for (const one of movedUnlike({ before, ...ends, uncompared, naive }))
    if (nextFor(one.table) === undefined)
      tell(tally, undefined, {
        what: `${one.column} of ${one.table} has moved in ${one.found} rows`,
        expected: `in ${one.expected} of them`,
        found: `in ${one.found}; ${one.apart} are not the same`,
      });
  return bothFired(made.reduce(bothFired, nothingFired), byOwn);
}

/** True for a fill for which the migration as written has no UPDATE of the table. */
function isOwnFill(step: Step, naive: readonly Statement[]): step is Step & Fill {
  if (step.kind !== "fill") return false;
  const isWritten = naive.some(
    ({ node }) => "UpdateStmt" in node && node.UpdateStmt.relation?.relname === step.table.name,
  );
  return isFlagFill(step) || !isWritten;
}

async function tellApart(
  session: Session,
  place: PlacedStep,
  fill: Fill,
  tally: Tally,
): Promise<void> {
  const apart = await apartInBatches(session, fill);
  const name = forPeople(quoteQualified(fill.table.schema, fill.table.name));
  const told = {
    statement: stepText(place.step),
    why: `triggers that fire for the rows write others of ${name}: one statement does not see these, the batches that come after do, and may find no end`,
    next: isFlagFill(fill)
      ? passOver
      : "say in the WHERE of the UPDATE which rows are meant, so that none are that its triggers write; let the triggers write them into another table, in a migration before this one; or run it in a maintenance window, as it is",
  };
  if (typeof apart === "string")
    fail(tally, "data", place, {
      ...told,
      what: `${stepName(place)} fails when it is done in batches, row by row`,
      expected: "what goes well as one statement goes well in batches",
      found: apart,
    });
  else
    for (const { table, missing, extra } of apart)
      fail(tally, "data", place, {
        ...told,
        what: `${stepName(place)}, done in batches, leaves other rows of ${table} than as one statement: ${missing.length} are missing, ${extra.length} are other than they should be`,
        expected: shownRow(missing[0]),
        found: shownRow(extra[0]),
      });
}

async function end(session: Session): Promise<End> {
  const catalog = await introspect(session, { parts: ["tables"] });
  return { catalog, rows: await readRows(session, catalog) };
}

function remarkOf({ columns }: Fired, step: string): string {
  const names = [...columns].map(([table, some]) => `${[...some].join(", ")} of ${table}`);
  return `triggers write ${names.join("; ")} for rows that ${step} fills: compared where nobody writes meanwhile`;
}

/** Why triggers fire for which the migration as written gives no reason. */
export const ownFillFires =
  "the plan fills rows of the table by an UPDATE of its own, for which the table's triggers fire; the migration as written changes no row, or fires none";

const passOver =
  "let the trigger pass over rows that Lockstep fills: IF current_setting('lockstep.backfill', true) = 'on' THEN RETURN NEW, in a migration before this one";

const byUpdate =
  "for a column whose default is another one in each row: add it without the default first, and give the rows their values by an UPDATE, for which triggers fire with the migration as written too";

/** @param next what helps where triggers fire for a fill of the plan's own */
function tell(
  tally: Tally,
  next: string | undefined,
  found: { readonly what: string; readonly expected: string; readonly found: string },
): void {
  fail(tally, "data", undefined, {
    ...found,
    statement: null,
    what: `in the end, when nobody has written meanwhile, ${found.what}`,
    why:
      next === undefined
        ? "triggers of the filled tables have to fire for the same rows, as often as with the migration as written"
        : ownFillFires,
    next:
      next ?? "let the fill visit each row that the migration means: -- lockstep: backfill once",
  });
}
