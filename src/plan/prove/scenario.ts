import type { Catalog, QualifiedName } from "../../catalog/index.ts";
import type { Statement } from "../../sql/index.ts";
import { TriedMigration } from "./data/in-transaction.ts";
import { meetingStill } from "./data/meeting-still.ts";
import type { Pool } from "./data/pool.ts";
import { settleWrites } from "./data/settle-writes.ts";
import { takeRows } from "./data/take.ts";
import { disturb, volatileColumns } from "./data/volatile.ts";
import { partsOf, writesAt, type WriteRules } from "./data/writes.ts";
import { nothingFired, type Fired } from "./fired.ts";
import { drawNewRelease } from "./new-release.ts";
import { goingWell } from "./release/release.ts";
import { send } from "./release/sent.ts";
import { statementsFor, viewStatements, type ReleaseStatement } from "./release/statements.ts";
import { releaseTables, rootTable, withNeighbours, type ReleaseTable } from "./release/tables.ts";
import { readRows, rowOf, type Row, type Rows, type Uncompared } from "./rows.ts";
import type { Stage } from "./stage.ts";
import { readState, type State } from "./state.ts";

/** What both releases do while a plan is carried out, and where the migration as written ends with it. */
export interface Scenario {
  /** Name of the database with the rows at the start. */
  readonly start: string;
  /** What is there at the start. */
  readonly before: State;
  /** The end of the migration as written: after all writes of the old release and then those of the new one. */
  readonly goal: State;
  /** Name of the database at that end. */
  readonly ended: string;
  /** Values of the clock, of chance and of sequences at that end. */
  readonly uncompared: Uncompared;
  /** Rows of such tables that nobody has written since the migration began. */
  readonly untouched: Rows;
  /** What triggers do for filled rows, which depends on who has written before. */
  readonly fired: Fired;
  readonly old: ReleaseScript & {
    /** What is there after each point's writes when no plan is in flight. */
    readonly rows: readonly Rows[];
    readonly uncompared: Uncompared;
  };
  readonly new: ReleaseScript;
}

/** What one release does. */
export interface ReleaseScript {
  readonly catalog: Catalog;
  /** Tried at every point of its life and rolled back. */
  readonly statements: readonly ReleaseStatement[];
  /** Committed at each point of its life. */
  readonly writes: readonly (readonly ReleaseStatement[])[];
}

export interface ScenarioRequest {
  readonly stage: Stage;
  /** Database with the rows of the pool; some of them are taken out. */
  readonly start: string;
  readonly naive: readonly Statement[];
  readonly pool: Pool;
  /** Tables that the plan touches. */
  readonly touched: ReadonlySet<QualifiedName>;
  /** What the plan says of their writes. */
  readonly rules: WriteRules;
  /** Columns that the migration writes in rows that are there. */
  readonly changed: Uncompared;
  /** How many points the life of each release has. */
  readonly points: { readonly old: number; readonly new: number };
}

/** Draws rows and writes, and carries them out as they would be without a plan. */
export async function makeScenario(request: ScenarioRequest): Promise<Scenario> {
  const { stage, start, naive, pool, points } = request;
  const { catalog } = pool;
  const tables = releaseTables(catalog, withNeighbours(catalog, request.touched)).map((table) =>
    withoutKeyOf(table, catalog, request.changed),
  );
  const taken = await stage.visit(start, (session) => takeRows(session, catalog, naive, tables));
  const parts = new Map([...taken].map(([name, rows]) => [name, partsOf(rows)]));
  const refused = refusedRows(pool);
  const drawn = [
    ...tables.flatMap((table) => {
      const { spare, fixed } = parts.get(table.name)!;
      const later = refused.get(table.name) ?? [];
      return statementsFor(table, { spare, kept: fixed, refused: later });
    }),
    ...viewStatements(catalog),
  ];
  const written = await stage.copy(start);
  const { before, old } = await stage.visit(written, async (session) => {
    const state = await readState(session);
    const first = await goingWell(session, drawn);
    const tried = new TriedMigration(session, naive);
    const settled = await settleWrites(
      session,
      catalog,
      tried,
      writesAt(points.old, tables, parts, request.rules),
    );
    // What the other writes are in the way of is no plan's fault.
    const statements = await goingWell(session, first);
    const meeting = await meetingStill(tried, statements, catalog);
    return { before: state, old: { catalog, statements: meeting, ...settled } };
  });
  // The same again tells which values nobody decides.
  await using again = await stage.play(start);
  await disturb(again.session, catalog);
  for (const write of old.writes.flat()) await send(again.session, write);
  const uncompared = volatileColumns(old.rows.at(-1)!, await readRows(again.session, catalog));
  const others = new Map([...parts].map(([name, { other }]) => [name, other]));
  const rest = await drawNewRelease({
    ...request,
    written,
    again: again.session,
    unknown: uncompared,
    tables,
    others,
  });
  return { start, before, fired: nothingFired, old: { ...old, uncompared }, ...rest };
}

/** By what the migration changes, a release finds a row no more, with a plan or without. */
function withoutKeyOf(table: ReleaseTable, catalog: Catalog, changed: Uncompared): ReleaseTable {
  const own = [...changed].filter(([name]) => rootTable(catalog, name) === table.name);
  const isChanged = table.key.some((column) => own.some(([, columns]) => columns.has(column)));
  return isChanged ? { ...table, key: [] } : table;
}

/** A few rows of each table that only the start takes. */
function refusedRows({ refused, catalog }: Pool): ReadonlyMap<QualifiedName, readonly Row[]> {
  return new Map(
    refused.map(({ table, missing }) => [
      rootTable(catalog, table),
      missing.slice(0, 3).map(rowOf),
    ]),
  );
}
