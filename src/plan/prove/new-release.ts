import { introspect, type Catalog, type QualifiedName } from "../../catalog/index.ts";
import { fillTables } from "../../effects/index.ts";
import type { Session } from "../../pg/index.ts";
import type { Statement } from "../../sql/index.ts";
import { TriedMigration } from "./data/in-transaction.ts";
import { acceptedWrites, goodTogether } from "./data/settle-writes.ts";
import { placedRows } from "./data/take.ts";
import { momentOf, untouchedRows } from "./data/untouched.ts";
import { bothUncompared, numberedColumns, volatileColumns } from "./data/volatile.ts";
import { writesAt, type Parts } from "./data/writes.ts";
import { goingWell } from "./release/release.ts";
import { send } from "./release/sent.ts";
import { insertOf, statement, statementsFor, viewStatements } from "./release/statements.ts";
import { releaseTables, rootTable, withNeighbours, type ReleaseTable } from "./release/tables.ts";
import { compareRows, readRows, rowOf, type Row, type Rows, type Uncompared } from "./rows.ts";
import type { ReleaseScript, ScenarioRequest } from "./scenario.ts";
import { readState, type State } from "./state.ts";

/** Rows that a table gets which the migration makes. */
const rowsOfNewTables = 12;

interface NewReleaseRequest extends ScenarioRequest {
  /** Database with the rows that the old release left, without a plan; it is migrated. */
  readonly written: string;
  /** The same once more, with other values of the clock, of sequences and of places. */
  readonly again: Session;
  /** Values that were not known before the migration. */
  readonly unknown: Uncompared;
  /** The old release's tables. */
  readonly tables: readonly ReleaseTable[];
  /** Rows in the old form that are to be written by the new release. */
  readonly others: ReadonlyMap<QualifiedName, readonly Row[]>;
}

interface NewRelease {
  readonly goal: State;
  /** Name of the database that is there in the end. */
  readonly ended: string;
  readonly uncompared: Uncompared;
  readonly untouched: Rows;
  readonly new: ReleaseScript;
}

/** Runs the migration as written after the old release's last write, and draws what the new release does then. */
export async function drawNewRelease(request: NewReleaseRequest): Promise<NewRelease> {
  const { stage, written, again, naive, touched, points } = request;
  const image = await stage.copy(written);
  await using session = await stage.open(written);
  const moment = await momentOf(session);
  await migrate(session, naive);
  const catalog = await introspect(session);
  const rows = await readRows(session, catalog);
  await migrate(again, naive);
  const numbered = numberedColumns(request.pool.catalog, catalog);
  const unknown = bothUncompared(volatileColumns(rows, await readRows(again, catalog)), numbered);
  const forms = await newForms(request, image, catalog, rows, unknown);
  const known = new Set(request.tables.map(({ name }) => name));
  const made = Object.keys(catalog.tables).filter((name) => !known.has(name));
  const isNew = new Set([...touched, ...made.filter((name) => forms.has(name))]);
  const tables = releaseTables(catalog, withNeighbours(catalog, isNew)).map((table) =>
    withoutVolatileKey(table, catalog, unknown),
  );
  const parts = new Map<QualifiedName, Parts>();
  for (const table of tables) {
    const kept = (await placedRows(session, table)).map(({ row }) => row);
    parts.set(table.name, partsOf(kept, forms.get(table.name) ?? []));
  }
  const drawn = tables.flatMap((table) => {
    const { spare, fixed } = parts.get(table.name)!;
    return statementsFor(table, { spare, kept: fixed, refused: [] });
  });
  const first = await goingWell(session, [...drawn, ...viewStatements(catalog)]);
  const isReplicated = (table: QualifiedName) => !isGivenKey(request.pool.catalog, catalog, table);
  const rules = { ...request.rules, isReplicated };
  const drawnWrites = writesAt(points.new, tables, parts, rules);
  const writes = await acceptedWrites(session, drawnWrites);
  const statements = await goingWell(session, first);
  await acceptedWrites(again, writes);
  const goal = await readState(session);
  const ends = volatileColumns(goal.rows, await readRows(again, catalog));
  const uncompared = bothUncompared(ends, numbered);
  const untouched = await untouchedRows(
    session,
    moment,
    { start: request.pool.catalog, end: catalog },
    { unknown: uncompared, before: request.unknown },
  );
  return { goal, ended: written, uncompared, untouched, new: { catalog, statements, writes } };
}

/** Whether the migration adds a foreign key to a table. */
function isGivenKey(before: Catalog, after: Catalog, table: QualifiedName): boolean {
  const had = new Set(before.tables[table]?.constraints.map(({ name }) => name));
  const { constraints = [] } = after.tables[table] ?? {};
  return constraints.some(({ kind, name }) => kind === "foreign-key" && !had.has(name));
}

async function migrate(session: Session, naive: readonly Statement[]): Promise<void> {
  for (const { sql } of naive) await session.query(sql);
}

function partsOf(kept: readonly Row[], taken: readonly Row[]): Parts {
  return {
    spare: taken.slice(0, 2),
    donors: taken.slice(2, 4),
    other: [],
    inserts: taken.slice(4),
    fixed: kept.slice(0, 2),
    changing: kept.slice(2),
  };
}

/** Rows as the new release would write them: what the migration makes of rows that were not there. */
async function newForms(
  { stage, naive, tables, others }: NewReleaseRequest,
  image: string,
  catalog: Catalog,
  rows: Rows,
  uncompared: Uncompared,
): Promise<ReadonlyMap<QualifiedName, readonly Row[]>> {
  await using session = await stage.open(image);
  const inserts = tables.flatMap((table) => {
    const every = table.columns.filter(({ generated }) => generated === null);
    return (others.get(table.name) ?? []).map((row) =>
      statement(table.name, insertOf(table, every, row)),
    );
  });
  const tried = new TriedMigration(session, naive);
  for (const one of await goodTogether(tried, inserts)) await send(session, one);
  await migrate(session, naive);
  await fillTables(session, rowsOfNewTables);
  const found = new Map<QualifiedName, Row[]>();
  const more = await readRows(session, catalog);
  for (const { table, extra } of compareRows(rows, more, uncompared)) {
    const root = rootTable(catalog, table);
    found.set(root, [...(found.get(root) ?? []), ...extra.map(rowOf)]);
  }
  return found;
}

/** A key whose values nobody knows before tells no rows apart. */
function withoutVolatileKey(
  table: ReleaseTable,
  catalog: Catalog,
  uncompared: Uncompared,
): ReleaseTable {
  const found = [...uncompared].filter(([name]) => rootTable(catalog, name) === table.name);
  const isVolatile = (column: string) => found.some(([, columns]) => columns.has(column));
  return {
    ...table,
    key: table.key.some(isVolatile) ? [] : table.key,
    // What an expression reads is not told: then any column may be.
    finders: table.finders.filter(({ keys }) =>
      keys.every(({ column }) => (column === null ? found.length === 0 : !isVolatile(column))),
    ),
  };
}
