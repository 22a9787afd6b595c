import { diff, qualifiedName, type Catalog, type Table } from "../catalog/index.ts";
import { sqlState, type Session } from "../pg/index.ts";
import { parseSql, quoteIdent, quoteQualified } from "../sql/index.ts";
import type { Back, Loss } from "./request.ts";

/** More rows are only said to be more. */
const countedRows = 10_000;

/** What goes with the way back and may hold something. */
export interface Holder {
  /** As `--lose` names it. */
  readonly name: string;
  readonly what: string;
  /** Quoted, with ONLY where its partitions and heirs are holders of their own. */
  readonly table: string;
  /** The column's name; undefined for a table as a whole. */
  readonly column: string | undefined;
  /** A row for each that is lost, 10,001 at the most. */
  readonly sql: string;
}

/**
 * Tables and columns that the way back takes with it, and columns whose values it converts. A column in which every row holds its
 * default loses nothing: applying the migration again brings it back.
 *
 * @param after the catalog with the migration, and `backed` after its way back, as they were seen on scratch
 */
export async function holdersOf(after: Catalog, backed: Catalog): Promise<readonly Holder[]> {
  const holders = new Map<string, Holder>();
  const add = (name: string, holder: Omit<Holder, "name">) => {
    if (holders.has(name)) return;
    holders.set(name, { name, ...holder, sql: `${holder.sql} LIMIT ${countedRows + 1}` });
  };
  for (const difference of await diff(after, backed, { columnOrder: false })) {
    if (difference.kind === "missing-table") {
      const { schema, name, kind } = difference.before;
      const table = `ONLY ${quoteQualified(schema, name)}`;
      // Rows of a partitioned table are those of its partitions; a foreign one has none of its own.
      if (kind === "table" || kind === "partition")
        add(difference.object, {
          what: "the table's rows",
          table,
          column: undefined,
          sql: `SELECT FROM ${table}`,
        });
      continue;
    }
    const found = columnOf(after, difference.object);
    if (found === undefined) continue;
    const { table, column, isGenerated, defaultSql } = found;
    const values = `SELECT FROM ${table} t WHERE t.${quoteIdent(column)} IS NOT NULL`;
    if (difference.kind === "missing-column" && !isGenerated)
      add(difference.object, {
        what: "the column's values",
        table,
        column,
        sql: (await isConstant(defaultSql))
          ? `${values} AND t.${quoteIdent(column)} IS DISTINCT FROM (${defaultSql})`
          : values,
      });
    if (difference.kind === "column-type-changed")
      add(difference.object, {
        what: "its values are converted to another type",
        table,
        column,
        sql: values,
      });
  }
  return [...holders.values()];
}

/** A default that is the same for every row: a function may give another value each time, and nextval uses one up. */
async function isConstant(defaultSql: string | null): Promise<boolean> {
  if (defaultSql === null) return false;
  const statements = await parseSql(`SELECT ${defaultSql}`, "a default");
  return !/"(?:FuncCall|SQLValueFunction)"/.test(
    JSON.stringify(statements.map(({ node }) => node)),
  );
}

/** What holders hold in the target now, and the statements of the way back that may write. */
export async function lossesOf(
  session: Session,
  holders: readonly Holder[],
  back: Back,
): Promise<readonly Loss[]> {
  const losses = [...(await countHeld(session, holders))];
  for (const { kind, line } of await parseSql(back.sql, back.from))
    if (writes.test(kind))
      losses.push({
        name: `${back.from}:${line}`,
        rows: undefined,
        what:
          back.kind === "command" && /^(?:Select|DeclareCursor|Copy)Stmt$/.test(kind)
            ? "it reads rows, and with yours it may do otherwise than on scratch"
            : "a statement that may change or remove rows",
      });
  return losses;
}

/** What holds something, with how many rows. */
export async function countHeld(
  session: Session,
  holders: readonly Holder[],
): Promise<readonly Loss[]> {
  const losses: Loss[] = [];
  // A count that sees only the rows of a policy is none: it fails instead.
  await session.query("SET row_security = off");
  for (const { name, what, sql } of holders) {
    const rows = await countUpTo(session, sql);
    if (rows !== 0) losses.push({ name, rows, what });
  }
  return losses;
}

const writes =
  /^(?:Insert|Update|Delete|Merge|Truncate|Do|Call|Select|Copy|DeclareCursor|Execute)(?:Table)?Stmt$/;

interface FoundColumn {
  readonly table: string;
  readonly column: string;
  readonly isGenerated: boolean;
  readonly defaultSql: string | null;
}

function columnOf({ tables }: Catalog, object: string): FoundColumn | undefined {
  for (const table of Object.values(tables) as readonly Table[])
    for (const column of table.columns)
      if (qualifiedName(table.schema, table.name, column.name) === object)
        return {
          table: quoteQualified(table.schema, table.name),
          column: column.name,
          isGenerated: column.generated !== null,
          defaultSql: column.default,
        };
  return undefined;
}

/** Rows that a query gives; undefined when they could not be counted. What is not there in this database has none. */
async function countUpTo(session: Session, sql: string): Promise<number | undefined> {
  try {
    const { rows } = await session.query<{ rows: number }>(
      `SELECT pg_catalog.count(*)::integer AS rows FROM (${sql}) AS r`,
    );
    return rows[0]!.rows;
  } catch (error) {
    const state = sqlState(error) ?? "";
    // query_canceled, lock_not_available, insufficient_privilege: not known, which is not nothing.
    if (["57014", "55P03", "42501"].includes(state)) return undefined;
    // undefined_table, undefined_column
    if (state === "42P01" || state === "42703") return 0;
    throw error;
  }
}

/** `name: what, 3 rows`, a line as a refusal has it. */
export function lossLine({ name, rows, what }: Loss): string {
  return `${name}: ${what}${rows === undefined ? "" : `, ${rowsInWords(rows)}`}`;
}

/** `more than 10000 rows`, `3 rows`. */
export function rowsInWords(rows: number | undefined): string {
  if (rows === undefined) return "not known how many rows";
  if (rows > countedRows) return `more than ${countedRows} rows`;
  return `${rows} row${rows === 1 ? "" : "s"}`;
}
