import type { Session } from "../pg/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import type { CloneTable } from "./structure.ts";

/** A foreign key that is yet to be added, and that the rows are to obey. Names are looked up as a session of the database does. */
export interface AssumedKey {
  readonly table: RelationText;
  readonly columns: readonly string[];
  readonly parent: RelationText;
  /** Empty for the parent's primary key. */
  readonly parentColumns: readonly string[];
}

/** As a statement names a relation. */
export interface RelationText {
  readonly schema: string | undefined;
  readonly name: string;
}

type ForeignKey = CloneTable["foreignKeys"][number];

/** The keys by the table's oid; those of tables or columns that are not there are passed over. */
export async function resolveAssumed(
  session: Session,
  keys: readonly AssumedKey[],
): Promise<ReadonlyMap<number, readonly ForeignKey[]>> {
  const found = new Map<number, ForeignKey[]>();
  for (const { table, columns, parent, parentColumns } of keys) {
    const [[child, target, primary]] = (await session.queryArrays(
      `SELECT pg_catalog.to_regclass($1)::oid, pg_catalog.to_regclass($2)::oid,
              ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index i
                      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                     WHERE i.indrelid = pg_catalog.to_regclass($2) AND i.indisprimary
                     ORDER BY pg_catalog.array_position(i.indkey::int2[], a.attnum))`,
      [textOf(table), textOf(parent)],
    )) as [[number | null, number | null, string[]]];
    const own = parentColumns.length === 0 ? primary : parentColumns;
    if (child === null || target === null || own.length !== columns.length) continue;
    const key = { columns, parent: target, parentColumns: own };
    found.set(child, [...(found.get(child) ?? []), key]);
  }
  return found;
}

/** The tables with those keys beside their own; a key whose columns are not all there is none. */
export function withAssumed(
  tables: readonly CloneTable[],
  keys: ReadonlyMap<number, readonly ForeignKey[]>,
): readonly CloneTable[] {
  return tables.map((table) => {
    const names = new Set(table.columns.map(({ name }) => name));
    const more = (keys.get(table.oid) ?? []).filter(({ columns }) =>
      columns.every((name) => names.has(name)),
    );
    return more.length === 0 ? table : { ...table, foreignKeys: [...table.foreignKeys, ...more] };
  });
}

function textOf({ schema, name }: RelationText): string {
  return schema === undefined ? quoteIdent(name) : quoteQualified(schema, name);
}
