import type { Catalog, QualifiedName, Table } from "../../catalog/index.ts";
import type { Session } from "../../pg/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";

/** The rows of one table. Values are what the types' output functions write, so that nothing is lost on the way. */
export interface TableRows {
  readonly columns: readonly string[];
  /** One text a column: `("…")`, with `()` for NULL. */
  readonly rows: readonly (readonly string[])[];
}

/** By the table's name. */
export type Rows = ReadonlyMap<QualifiedName, TableRows>;

export interface ReadRows {
  /** Tables that are read with those that inherit from them, as a view over a table does. */
  readonly wide?: ReadonlySet<QualifiedName>;
  /** A condition that the rows meet. */
  readonly where?: string;
}

/** Reads the rows of every table that holds rows itself. */
export async function readRows(
  session: Session,
  catalog: Pick<Catalog, "tables">,
  { wide, where = "true" }: ReadRows = {},
): Promise<Rows> {
  const tables = Object.entries(catalog.tables).filter(([, table]) => keepsRows(table));
  if (tables.length === 0) return new Map();
  const selects = tables.map(([key, { schema, name, columns }], n) => {
    const only = wide?.has(key) === true ? "" : "ONLY ";
    // A value alone would be confused with NULL, and a composite value's text with its fields'.
    const values = columns.map((column) => `ROW(${quoteIdent(column.name)})::text`);
    return `SELECT ${n}, ARRAY[${values.join(", ")}]::text[] FROM ${only}${quoteQualified(schema, name)} WHERE ${where}`;
  });
  const found = await session.queryArrays(selects.join("\nUNION ALL\n"));
  const rows = tables.map((): string[][] => []);
  for (const [n, values] of found as [number, string[]][]) rows[n]!.push(values);
  return new Map(
    tables.map(([name, { columns }], n) => [
      name,
      { columns: columns.map((column) => column.name), rows: rows[n]! },
    ]),
  );
}

/** True for a table that has storage of its own. */
export function keepsRows({ kind, partitionKey }: Table): boolean {
  return kind !== "foreign" && partitionKey === null;
}

/** A row of one table, by column: the value's text, null for NULL. */
export type Row = Readonly<Record<string, string | null>>;

/** The value that `ROW(value)::text` stands for (record_out, rowtypes.c). */
export function valueOf(encoded: string): string | null {
  const inner = encoded.slice(1, -1);
  if (inner === "") return null;
  if (!inner.startsWith('"')) return inner;
  let value = "";
  for (let at = 1; at < inner.length - 1; at++) {
    // A quote or a backslash stands there twice.
    if (inner[at] === '"' || inner[at] === "\\") at++;
    value += inner[at];
  }
  return value;
}

/** A row for people: `id 1, note NULL`. */
export function shownRow(encoded: Readonly<Record<string, string>> | undefined): string {
  if (encoded === undefined) return "no such row";
  return Object.entries(rowOf(encoded))
    .map(([name, value]) => `${name} ${value ?? "NULL"}`)
    .join(", ");
}

export function rowOf(encoded: Readonly<Record<string, string>>): Row {
  return Object.fromEntries(Object.entries(encoded).map(([name, value]) => [name, valueOf(value)]));
}

/** Values that are not compared, by table. */
export type Uncompared = ReadonlyMap<QualifiedName, ReadonlySet<string>>;

/** Rows that only one of two databases has. */
export interface RowDifference {
  readonly table: QualifiedName;
  readonly missing: readonly Readonly<Record<string, string>>[];
  readonly extra: readonly Readonly<Record<string, string>>[];
}

/** Compares the tables that both have, by the columns that both have, as multisets. */
export function compareRows(
  expected: Rows,
  found: Rows,
  uncompared: Uncompared = new Map(),
): readonly RowDifference[] {
  return [...expected].flatMap(([table, one]) => {
    const other = found.get(table);
    if (other === undefined) return [];
    const left = uncompared.get(table);
    const common = one.columns.filter(
      (name) => other.columns.includes(name) && left?.has(name) !== true,
    );
    const counts = new Map<string, number>();
    for (const key of keysOf(one, common)) counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const key of keysOf(other, common)) counts.set(key, (counts.get(key) ?? 0) - 1);
    const keys = [...counts];
    const missing = keys.flatMap(([key, count]) => (count > 0 ? [namedBy(common, key)] : []));
    const extra = keys.flatMap(([key, count]) => (count < 0 ? [namedBy(common, key)] : []));
    return missing.length + extra.length === 0 ? [] : [{ table, missing, extra }];
  });
}

/** Rows of the one that the other has not, by the columns of the one. */
export function missingRows(expected: Rows, found: Rows): readonly Omit<RowDifference, "extra">[] {
  return [...expected].flatMap(([table, one]) => {
    const other = found.get(table);
    if (other === undefined) return [];
    const left = new Map<string, number>();
    for (const key of keysOf(other, one.columns)) left.set(key, (left.get(key) ?? 0) + 1);
    const missing = keysOf(one, one.columns).flatMap((key) => {
      const count = left.get(key) ?? 0;
      left.set(key, count - 1);
      return count > 0 ? [] : [namedBy(one.columns, key)];
    });
    return missing.length === 0 ? [] : [{ table, missing }];
  });
}

function namedBy(columns: readonly string[], key: string): Readonly<Record<string, string>> {
  const values = JSON.parse(key) as readonly string[];
  return Object.fromEntries(columns.map((column, n) => [column, values[n]!]));
}

function keysOf({ columns, rows }: TableRows, common: readonly string[]): readonly string[] {
  const places = common.map((name) => columns.indexOf(name));
  return rows.map((row) => JSON.stringify(places.map((at) => row[at])));
}

export function countRows(rows: Rows): number {
  return [...rows.values()].reduce((sum, table) => sum + table.rows.length, 0);
}
