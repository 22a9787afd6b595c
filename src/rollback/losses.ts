import { diff, qualifiedName, type Catalog, type Table } from "../catalog/index.ts";
import { sqlState, type Session } from "../pg/index.ts";
import { parseSql, quoteIdent, quoteQualified } from "../sql/index.ts";
import type { Back, Loss } from "./request.ts";

/** More rows are only said to be more. */
const countedRows = 10_000;

/**
 * What of the target's rows goes with the way back: tables and columns that hold something, values that are converted, and
 * statements on rows. A column in which every row holds its default loses nothing: applying the migration again brings it
 * back.
 *
 * @param after the catalog with the migration, and `back` after its way back, as they were seen on scratch
 */
export async function lossesOf(
  session: Session,
  given: { readonly after: Catalog; readonly backed: Catalog; readonly back: Back },
): Promise<readonly Loss[]> {
  const { after, backed, back } = given;
  const losses: Loss[] = [];
  const known = new Set<string>();
  const add = async (name: string, what: string, sql: string) => {
    if (known.has(name)) return;
    known.add(name);
    const rows = await countUpTo(session, sql);
    if (rows !== 0) losses.push({ name, rows, what });
  };
  for (const difference of await diff(after, backed, { columnOrder: false })) {
    if (difference.kind === "missing-table") {
      const { schema, name, kind } = difference.before;
      // Rows of a partitioned table are those of its partitions; a foreign one has none of its own.
      if (kind === "table" || kind === "partition")
        await add(
          difference.object,
          "the table's rows",
          `SELECT FROM ONLY ${quoteQualified(schema, name)}`,
        );
      continue;
    }
    const column = columnOf(after, difference.object);
    if (column === undefined) continue;
    const { table, name, isGenerated, defaultSql } = column;
    const values = `SELECT FROM ${table} t WHERE t.${quoteIdent(name)} IS NOT NULL`;
    if (difference.kind === "missing-column" && !isGenerated)
      await add(
        difference.object,
        "the column's values",
        defaultSql === null
          ? values
          : `${values} AND t.${quoteIdent(name)} IS DISTINCT FROM (${defaultSql})`,
      );
    if (difference.kind === "column-type-changed")
      await add(difference.object, "its values are converted to another type", values);
  }
  for (const { kind, line } of await parseSql(back.sql, back.from))
    if (writes.test(kind))
      losses.push({
        name: `${back.from}:${line}`,
        rows: undefined,
        what: "a statement that may change or remove rows",
      });
  return losses;
}

const writes = /^(?:Insert|Update|Delete|Merge|Truncate|Do|Call|Select|Copy)(?:Table)?Stmt$/;

interface FoundColumn {
  readonly table: string;
  readonly name: string;
  readonly isGenerated: boolean;
  readonly defaultSql: string | null;
}

function columnOf({ tables }: Catalog, object: string): FoundColumn | undefined {
  for (const table of Object.values(tables) as readonly Table[])
    for (const column of table.columns)
      if (qualifiedName(table.schema, table.name, column.name) === object)
        return {
          table: quoteQualified(table.schema, table.name),
          name: column.name,
          isGenerated: column.generated !== null,
          defaultSql: column.default,
        };
  return undefined;
}

/** Rows that a query gives; undefined when they could not be counted in time. What is not there in this database has none. */
async function countUpTo(session: Session, sql: string): Promise<number | undefined> {
  try {
    const { rows } = await session.query<{ rows: number }>(
      `SELECT pg_catalog.count(*)::integer AS rows FROM (${sql} LIMIT ${countedRows + 1}) AS r`,
    );
    return rows[0]!.rows;
  } catch (error) {
    const state = sqlState(error) ?? "";
    // query_canceled, lock_not_available: not known, which is not nothing.
    if (state === "57014" || state === "55P03") return undefined;
    // undefined_table, undefined_column
    if (state === "42P01" || state === "42703") return 0;
    throw error;
  }
}

/** `more than 10000 rows`, `3 rows`. */
export function rowsInWords(rows: number | undefined): string {
  if (rows === undefined) return "not known how many rows";
  if (rows > countedRows) return `more than ${countedRows} rows`;
  return `${rows} row${rows === 1 ? "" : "s"}`;
}
