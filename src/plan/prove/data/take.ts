import type { Catalog, ForeignKeyConstraint, QualifiedName } from "../../../catalog/index.ts";
import type { Session } from "../../../pg/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified, type Statement } from "../../../sql/index.ts";
import type { ReleaseTable } from "../release/tables.ts";
import { literal } from "../release/tables.ts";
import { keepsRows, rowOf, type Row } from "../rows.ts";
import { asReplica, TriedMigration } from "./in-transaction.ts";
import { keepAccepted, orphanDeletes, withoutTriggers } from "./accepted.ts";

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
  for (const table of tables) await freeRows(session, catalog, table);
  const tried = new TriedMigration(session, naive);
  const orphans = orphanDeletes(catalog);
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

/** Makes what refers to a row that will be taken refer to one that stays. */
async function freeRows(session: Session, catalog: Catalog, table: ReleaseTable): Promise<void> {
  const keys = referencing(catalog, table.name);
  if (keys.length === 0) return;
  const rows = await placedRows(session, table);
  const stay = rows.filter(({ isTaken }) => !isTaken);
  if (stay.length === 0) return;
  const updates = rows
    .filter(({ isTaken }) => isTaken)
    .flatMap(({ row }, n) => {
      const other = stay[n % stay.length]!.row;
      return keys.map(({ child, key }) => redirect(child, key, row, other));
    });
  const blocks = updates.map((sql) => `BEGIN ${sql}; EXCEPTION WHEN OTHERS THEN NULL; END;`);
  if (blocks.length > 0)
    await withoutTriggers(session, [`DO ${quoteLiteral(`BEGIN ${blocks.join("\n")} END`)}`]);
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
  const pairs = (row: Row, between: string) =>
    key.columns
      .map((name, n) => `${quoteIdent(name)} = ${literal(row[key.references.columns[n]!])}`)
      .join(between);
  return `UPDATE ONLY ${child} SET ${pairs(to, ", ")} WHERE ${pairs(from, " AND ")}`;
}
