import {
  introspect,
  qualifiedName,
  type Catalog,
  type QualifiedName,
} from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { treeOf } from "../fillable.ts";
import { tableIn } from "../lookup.ts";
import { mayWrite, triggerBody } from "../trigger-body.ts";
import type { Fill, Plan, Step } from "../model.ts";
import { forPeople } from "../wording.ts";
import { bothUncompared, volatileColumns } from "./data/volatile.ts";
import { readRows, type Rows, type Uncompared } from "./rows.ts";
import { runFill } from "./run-step.ts";

/** What the application's triggers do for rows that a plan fills. */
export interface Fired {
  /** Columns that they write, of whichever tables. */
  readonly columns: Uncompared;
  /** Tables to which they add rows, or from which they take some. */
  readonly tables: ReadonlySet<QualifiedName>;
}

export const nothingFired: Fired = { columns: new Map(), tables: new Set() };

export function bothFired(one: Fired, other: Fired): Fired {
  return {
    columns: bothUncompared(one.columns, other.columns),
    tables: new Set([...one.tables, ...other.tables]),
  };
}

/** Without the tables whose rows depend on how often triggers have fired. */
export function withoutFired(rows: Rows, { tables }: Fired): Rows {
  return tables.size === 0 ? rows : new Map([...rows].filter(([name]) => !tables.has(name)));
}

/** True when rows of some fill have triggers that are the application's own. */
export function hasFiring(plan: Plan, catalog: Catalog): boolean {
  return [...plan.backfill, ...plan.contract].some(
    (step) => step.kind === "fill" && firingOf(step, catalog).length > 0,
  );
}

/** What triggers would do for the rows of a step, as the database is; nothing of it stays. */
export async function firedBy(session: Session, step: Step): Promise<Fired> {
  if (step.kind !== "fill") return nothingFired;
  const catalog = await introspect(session);
  const firing = firingOf(step, catalog);
  if (firing.length === 0) return nothingFired;
  let met = 0;
  // Twice: what a trigger writes in place of the fill's own value may be the same as that, the first time.
  const rowsAfter = async (before: readonly string[], times: number): Promise<Rows | undefined> => {
    await session.query("BEGIN");
    try {
      for (const sql of before) await session.query(sql);
      for (let time = 0; time < times; time++) met += await runFill(session, step);
      await session.query("SET CONSTRAINTS ALL IMMEDIATE");
      return await readRows(session, catalog);
    } catch {
      return undefined;
    } finally {
      await session.query("ROLLBACK");
    }
  };
  const off = firing.map(({ on, name }) => `ALTER TABLE ${on} DISABLE TRIGGER ${quoteIdent(name)}`);
  const after = async (sql: readonly string[]) =>
    (await rowsAfter(sql, 2)) ?? (await rowsAfter(sql, 1));
  const [fired, quiet] = [await after([]), await after(off)];
  // A step that fails is told where it is carried out.
  if (fired === undefined || quiet === undefined) return nothingFired;
  const counts = (rows: Rows, name: QualifiedName) => rows.get(name)?.rows.length;
  return {
    columns:
      met > 0
        ? volatileColumns(fired, quiet)
        : writable(
            step,
            catalog,
            firing.map(({ routine }) => routine),
          ),
    tables: new Set(
      [...fired.keys()].filter((name) => counts(fired, name) !== counts(quiet, name)),
    ),
  };
}

/** Where a fill meets no row, and nobody sees what triggers do for those that the releases write: what they may write there. */
function writable({ table }: Fill, catalog: Catalog, routines: readonly string[]): Uncompared {
  const filled = tableIn(catalog, table);
  if (filled === undefined) return nothingFired.columns;
  const bodies = routines.map((one) => triggerBody(catalog, one));
  const isWritten = (column: string) =>
    bodies.some((body) => body === undefined || mayWrite(body, new Set([column])));
  return new Map(
    treeOf(catalog, filled).map(({ schema, name, columns }) => [
      qualifiedName(schema, name),
      new Set(columns.map((one) => one.name).filter(isWritten)),
    ]),
  );
}

/** The application's trigger in which a fill has failed, as `name of table`: the error's context names its function. */
export async function refusingTrigger(
  session: Session,
  step: Step,
  error: unknown,
): Promise<string | undefined> {
  if (step.kind !== "fill") return undefined;
  const { where = "" } = error as { readonly where?: string };
  // From the inside out; the last is what the statement has called.
  const called = [...where.matchAll(/^PL\/pgSQL function (.+?)\(/gm)].at(-1)?.[1];
  if (called === undefined) return undefined;
  const found = firingOf(step, await introspect(session)).find(
    ({ routine }) => routine === called || routine.endsWith(`.${called}`),
  );
  return found && forPeople(`${quoteIdent(found.name)} of ${found.on}`);
}

function firingOf({ table }: Fill, catalog: Catalog) {
  const found = tableIn(catalog, table);
  if (found === undefined) return [];
  return treeOf(catalog, found).flatMap(({ schema, name }) =>
    Object.values(catalog.triggers)
      .filter(
        (one) =>
          one.table === qualifiedName(schema, name) &&
          one.enabled !== "disabled" &&
          !one.function.startsWith("lockstep."),
      )
      .map((one) => ({
        on: quoteQualified(schema, name),
        name: one.name,
        routine: one.function,
      })),
  );
}
