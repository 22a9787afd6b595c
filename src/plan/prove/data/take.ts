import type { Catalog, ForeignKeyConstraint, QualifiedName } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified, type Statement } from "../../../sql/index.ts";
import type { ReleaseTable } from "../release/tables.ts";
import { literal } from "../release/tables.ts";
import { keepsRows, rowOf, type Row } from "../rows.ts";
import { asReplica, TriedMigration, withoutTriggers } from "./in-transaction.ts";
import { keepAccepted, orphanDeletes } from "./accepted.ts";

/** Rows of one table, those that stay and those taken out, to be written later. */
export interface TakenRows {
  readonly kept: readonly Row[];
  readonly taken: readonly Row[];
}

/**
 * Takes two fifths of the rows out of each table. Those that stay and those that are taken refer to rows that stay
 * only, so that each can be written at any time.
 */
export async function takeRows(
  session: Session,
  catalog: Catalog,
  naive: readonly Statement[],
  tables: readonly ReleaseTable[],
): Promise<ReadonlyMap<QualifiedName, TakenRows>> {
  const tried = new TriedMigration(session, naive);
  const orphans = orphanDeletes(catalog);
  // Which rows of a table are taken is seen once no other table's rows change them any more.
  for (const table of parentsFirst(tables)) await freeRows(session, tried, catalog, table);
  const taken = new Map<QualifiedName, readonly Row[]>();
  const deletes: string[] = [];
  for (const table of tables) {
    const rows = (await placedRows(session, table)).filter(({ isTaken }) => isTaken);
    const places = rows.map(({ place }) => quoteLiteral(place)).join(", ");
    const own = `DELETE FROM ${table.sql} WHERE ROW(tableoid, ctid)::text = ANY (ARRAY[${places}]::text[])`;
    // Where the migration needs them (for a foreign key of its own, for a default) they stay.
    const isNeeded = (await tried.refusal(asReplica([own, ...orphans]))) !== undefined;
    if (!isNeeded) deletes.push(own);
    taken.set(table.name, isNeeded ? [] : rows.map(({ row }) => row));
  }
  // What refers to a row that was taken, and could not be made to refer to another one, goes too.
  await withoutTriggers(session, [...deletes, ...orphans]);
  await keepAccepted(session, catalog, naive);
  const found = new Map<QualifiedName, TakenRows>();
  for (const table of tables) {
    const kept = (await placedRows(session, table)).map(({ row }) => row);
    found.set(table.name, { kept, taken: taken.get(table.name)! });
  }
  return found;
}

interface PlacedRow {
  readonly place: string;
  readonly row: Row;
  readonly isTaken: boolean;
}

/** Rows in an order that does not change with their places. */
export async function placedRows(
  session: Session,
  { sql, columns, table }: Pick<ReleaseTable, "sql" | "columns" | "table">,
): Promise<readonly PlacedRow[]> {
  const only = table.partitionKey === null ? "ONLY " : "";
  const values = columns.map(({ name }) => `ROW(${quoteIdent(name)})::text`);
  const found = await session.queryArrays(
    `SELECT ROW(t.tableoid, t.ctid)::text, ARRAY[${values.join(", ")}]::text[] FROM ${only}${sql} t
      ORDER BY 2`,
  );
  return (found as [string, string[]][]).map(([place, encoded], n) => ({
    place,
    row: rowOf(Object.fromEntries(columns.map(({ name }, at) => [name, encoded[at]!]))),
    isTaken: n % 5 === 1 || n % 5 === 3,
  }));
}

/** In an order in which a table comes after those that it refers to, where they do not refer to it in turn. */
function parentsFirst(tables: readonly ReleaseTable[]): readonly ReleaseTable[] {
  const begun = new Set<ReleaseTable>();
  const ordered: ReleaseTable[] = [];
  const visit = (one: ReleaseTable): void => {
    if (begun.has(one)) return;
    begun.add(one);
    for (const key of one.table.constraints)
      if (key.kind === "foreign-key")
        tables.filter(({ name }) => name === key.references.table).forEach(visit);
    ordered.push(one);
  };
  tables.forEach(visit);
  return ordered;
}

/**
 * Makes what refers to a row that will be taken refer to one that stays. Where two rows may not refer to one, now or
 * after the migration, it goes.
 */
async function freeRows(
  session: Session,
  tried: TriedMigration,
  catalog: Catalog,
  table: ReleaseTable,
): Promise<void> {
  const keys = referencing(catalog, table.name);
  if (keys.length === 0) return;
  const rows = await placedRows(session, table);
  const going = rows.filter(({ isTaken }) => isTaken);
  const staying = rows.filter(({ isTaken }) => !isTaken);
  if (going.length === 0 || staying.length === 0) return;
  const orphans = orphanDeletes(catalog);
  for (const { child, key } of keys) {
    const updates = going.map(({ row }, n) =>
      redirect(child, key, row, staying[n % staying.length]!.row),
    );
    const blocks = updates.map((sql) => `BEGIN ${sql}; EXCEPTION WHEN OTHERS THEN NULL; END;`);
    const redirects = `DO ${quoteLiteral(`BEGIN ${blocks.join("\n")} END`)}`;
    const conditions = going.map(({ row }) => `(${pairs(key, row, " AND ")})`);
    const left = `DELETE FROM ONLY ${child} WHERE ${conditions.join(" OR ")}`;
    for (const way of [
      [redirects, left, ...orphans],
      [left, ...orphans],
    ]) {
      if ((await tried.refusal(asReplica(way))) !== undefined) continue;
      await withoutTriggers(session, way);
      break;
    }
  }
}

function referencing({ tables }: Catalog, parent: QualifiedName) {
  return Object.values(tables)
    .filter(keepsRows)
    .flatMap(({ schema, name, constraints }) =>
      constraints.flatMap((key) =>
        key.kind === "foreign-key" && key.references.table === parent
          ? [{ child: quoteQualified(schema, name), key }]
          : [],
      ),
    );
}

function redirect(child: string, key: ForeignKeyConstraint, from: Row, to: Row): string {
  return `UPDATE ONLY ${child} SET ${pairs(key, to, ", ")} WHERE ${pairs(key, from, " AND ")}`;
}

/** The key's columns with the values that they have when they refer to the row. */
function pairs({ columns, references }: ForeignKeyConstraint, row: Row, between: string): string {
  return columns
    .map((name, n) => `${quoteIdent(name)} = ${literal(row[references.columns[n]!])}`)
    .join(between);
}
