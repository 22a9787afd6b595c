import { introspect, type Catalog, type QualifiedName } from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import type { Statement } from "../../sql/index.ts";
import type { Plan, Step } from "../model.ts";
import { bothFired, firedBy, hasFiring, isFlagFill, nothingFired, type Fired } from "./fired.ts";
import { placedSteps, stepName } from "./places.ts";
import { send } from "./release/sent.ts";
import type { ProofRequest } from "./request.ts";
import { compareRows, readRows, shownRow, valueOf, type Rows, type Uncompared } from "./rows.ts";
import { failureOf, runStep } from "./run-step.ts";
import type { Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";
import { fail, type Tally } from "./tally.ts";

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
  const own: Fired[] = [];
  for (const { step, ...place } of placedSteps(plan)) {
    const fired = await firedBy(played.session, step);
    (isOwnFill(plan, step, naive) ? own : made).push(fired);
    // The walk tells of what fails.
    if ((await failureOf(runStep(played.session, step))) !== undefined) return nothingFired;
    if (fired.columns.size > 0) tally.remarks.add(remarkOf(fired, stepName({ step, ...place })));
  }
  await using written = await stage.play(base);
  for (const { sql } of naive) await written.session.query(sql);
  const byOwn = own.reduce(bothFired, nothingFired);
  const ends = { expected: await end(written.session), found: await end(played.session) };
  const isOwn = (table: QualifiedName) => byOwn.columns.has(table) || byOwn.tables.has(table);
  for (const one of compareRows(ends.expected.rows, ends.found.rows, scenario.uncompared))
    tell(tally, isOwn(one.table), {
      what: `${one.missing.length} rows of ${one.table} are missing, ${one.extra.length} are other than they should be`,
      expected: shownRow(one.missing[0]),
      found: shownRow(one.extra[0]),
    });
  const { uncompared } = scenario;
  for (const one of movedUnlike({ before, ...ends, uncompared }))
    if (!isOwn(one.table))
      tell(tally, false, {
        what: `${one.column} of ${one.table} has moved in ${one.found} rows`,
        expected: `in ${one.expected} of them`,
        found: `in ${one.found}; ${one.apart} are not the same`,
      });
  return bothFired(made.reduce(bothFired, nothingFired), byOwn);
}

/** True for a fill for which the migration as written has no UPDATE of the table. */
function isOwnFill(plan: Plan, step: Step, naive: readonly Statement[]): boolean {
  if (step.kind !== "fill") return false;
  const isWritten = naive.some(
    ({ node }) => "UpdateStmt" in node && node.UpdateStmt.relation?.relname === step.table.name,
  );
  return isFlagFill(plan, step) || !isWritten;
}

interface End {
  readonly catalog: Tables;
  readonly rows: Rows;
}

type Tables = Pick<Catalog, "tables">;

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

function tell(
  tally: Tally,
  isOwn: boolean,
  found: { readonly what: string; readonly expected: string; readonly found: string },
): void {
  fail(tally, "data", undefined, {
    ...found,
    statement: null,
    what: `in the end, when nobody has written meanwhile, ${found.what}`,
    why: isOwn
      ? ownFillFires
      : "triggers of the filled tables have to fire for the same rows, as often as with the migration as written",
    next: isOwn
      ? "let the trigger pass over rows that are filled: IF current_setting('lockstep.backfill', true) = 'on' THEN RETURN NEW, in a migration before this one; for a column whose default is another one in each row: add it without the default first, and give the rows their values by an UPDATE"
      : "let the fill visit each row that the migration means: -- lockstep: backfill once",
  });
}

interface Moved {
  readonly table: QualifiedName;
  readonly column: string;
  /** In how many rows the migration as written has moved it, and the plan. */
  readonly expected: number;
  readonly found: number;
  /** Rows in which only one of them has. */
  readonly apart: number;
}

/**
 * Moments and other large numbers that nobody knows beforehand: whether each row's has moved is known all the same. Rows are
 * told apart by a primary key that stays.
 */
function movedUnlike({
  before,
  expected,
  found,
  uncompared,
}: {
  readonly before: End;
  readonly expected: End;
  readonly found: End;
  readonly uncompared: Uncompared;
}): readonly Moved[] {
  return [...uncompared].flatMap(([table, columns]) => {
    const states = [before, expected, found];
    const keys = states.map((state) => keyIn(state.catalog, table));
    const [key] = keys;
    const isOne = key !== undefined && keys.every((one) => one?.join("\n") === key.join("\n"));
    if (!isOne || key.some((name) => columns.has(name))) return [];
    return [...columns].flatMap((column) => {
      if (!states.every((state) => isMoment(state.catalog, table, column))) return [];
      const [first, naive, plan] = states.map(({ rows }) => valuesBy(rows, table, key, column));
      let [expectedCount, foundCount, apart] = [0, 0, 0];
      for (const [row, value] of first!) {
        const [made, carried] = [naive!.get(row), plan!.get(row)];
        if (made === undefined || carried === undefined) continue;
        if (![value, made, carried].every(isLarge)) continue;
        if (made !== value) expectedCount++;
        if (carried !== value) foundCount++;
        if ((made !== value) !== (carried !== value)) apart++;
      }
      return apart === 0
        ? []
        : [{ table, column, expected: expectedCount, found: foundCount, apart }];
    });
  });
}

function keyIn({ tables }: Tables, table: QualifiedName): readonly string[] | undefined {
  const key = tables[table]?.constraints.find(({ kind }) => kind === "primary-key");
  return key?.columns;
}

function isMoment({ tables }: Tables, table: QualifiedName, column: string): boolean {
  const type = tables[table]?.columns.find(({ name }) => name === column)?.type;
  return type !== undefined && !type.array && moments.has(type.name);
}

const moments: ReadonlySet<string> = new Set(["timestamp", "timestamptz", "int8"]);

/** Of small numbers two that are drawn may be the same by chance. */
function isLarge(encoded: string): boolean {
  const value = valueOf(encoded);
  return value === null || /\D/.test(value) || value.length > 9;
}

function valuesBy(
  rows: Rows,
  table: QualifiedName,
  key: readonly string[],
  column: string,
): ReadonlyMap<string, string> {
  const found = rows.get(table);
  if (found === undefined) return new Map();
  const [at, places] = [
    found.columns.indexOf(column),
    key.map((name) => found.columns.indexOf(name)),
  ];
  return new Map(
    found.rows.map((row) => [JSON.stringify(places.map((place) => row[place])), row[at]!]),
  );
}
