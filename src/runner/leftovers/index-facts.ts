import { isConnectionLost, sqlState, type Queryable, type Session } from "../../pg/index.ts";
import { loadParser, quoteIdent, quoteLiteral, type Statement } from "../../sql/index.ts";
import { rangeName, regclass } from "../postcondition/index.ts";
import { bodyOf, type Body } from "../tree.ts";

/** An index as the catalog has it. */
export interface IndexFacts {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  /** Valid, ready and live. False for what a failed concurrent build left. */
  readonly valid: boolean;
  /** An index on a partitioned table, which may be invalid by design. */
  readonly partitioned: boolean;
  /** Pid of the session that builds it right now, if any. */
  readonly builder: number | null;
}

const facts = `SELECT i.indexrelid::text AS oid, n.nspname AS schema, c.relname AS name, i.indisvalid AND i.indisready AND i.indislive AS valid,
    c.relkind = 'I' AS partitioned,
    (SELECT p.pid FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid OR (p.relid = i.indrelid AND p.index_relid = 0) LIMIT 1) AS builder
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`;

/** The table that a CREATE INDEX is about. */
export function tableOf(statement: Statement): readonly string[] {
  return rangeName(bodyOf(statement)["relation"]);
}

/** The index of a name on a table, as the session's search_path finds the table. */
export async function readIndex(
  database: Queryable,
  table: readonly string[],
  name: string,
): Promise<IndexFacts | undefined> {
  const { rows } = await database.query<IndexFacts & Record<string, unknown>>(
    `${facts} WHERE i.indrelid = ${regclass(table)} AND c.relname = $1`,
    [name],
  );
  return rows[0];
}

/** Indexes of a table that no failed build should have left; those of partitioned tables are left out. */
export async function readInvalidIndexes(
  database: Queryable,
  table: readonly string[],
): Promise<readonly IndexFacts[]> {
  const { rows } = await database.query<IndexFacts & Record<string, unknown>>(
    `${facts} WHERE i.indrelid = ${regclass(table)} AND NOT (i.indisvalid AND i.indisready AND i.indislive) AND c.relkind <> 'I'`,
  );
  return rows;
}

/**
 * What REINDEX CONCURRENTLY leaves when it fails: invalid indexes whose names end in `_ccnew` or `_ccold` (manual,
 * REINDEX, "Rebuilding Indexes Concurrently"), on the tables it works on and their TOAST tables.
 *
 * @param tables a query that gives the oids of the tables
 */
export async function readReindexLeftovers(
  database: Queryable,
  tables: string,
): Promise<readonly IndexFacts[]> {
  const { rows } = await database.query<IndexFacts & Record<string, unknown>>(
    `WITH target AS (SELECT t.oid, t.reltoastrelid FROM pg_catalog.pg_class t WHERE t.oid IN (${tables}))
     ${facts} WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
       AND (i.indrelid IN (SELECT oid FROM target) OR i.indrelid IN (SELECT reltoastrelid FROM target))`,
  );
  return rows;
}

/** Indexes of the same table that are what a CREATE INDEX would build, whatever their names. */
export async function readTwins(
  session: Session,
  statement: Statement,
): Promise<readonly IndexFacts[]> {
  const { rows } = await session.query<IndexFacts & Record<string, unknown>>(
    `${facts} WHERE i.indrelid = ${regclass(tableOf(statement))}`,
  );
  const twins: IndexFacts[] = [];
  for (const row of rows) if (await hasSameDefinition(session, statement, row.oid)) twins.push(row);
  return twins;
}

/**
 * Whether an index is what a CREATE INDEX would build. The server itself answers: the statement is run on an empty
 * temporary copy of the table, and what came out of it is compared; then all is rolled back.
 */
export async function hasSameDefinition(
  session: Session,
  statement: Statement,
  index: string,
): Promise<boolean> {
  const probe = "lockstep_index_probe";
  try {
    await session.batch(
      [
        "BEGIN",
        `CREATE TEMPORARY TABLE ${quoteIdent(probe)} (LIKE ${regclassText(tableOf(statement))})`,
        await onOtherTable(statement, `pg_temp.${quoteIdent(probe)}`),
      ].join("\n;\n"),
    );
    const { rows } = await session.query<{ same: boolean }>(
      `WITH shape AS (
         SELECT i.indexrelid, ARRAY[am.amname::text, (pg_catalog.to_jsonb(i) - '{indexrelid,indrelid,indkey,indisvalid,indisready,indislive,indcheckxmin,indisclustered,indisreplident,indexprs,indpred}'::text[])::text,
           ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, k, true) FROM pg_catalog.generate_series(1, i.indnatts) k)::text,
           pg_catalog.pg_get_expr(i.indpred, i.indrelid), ARRAY(SELECT o FROM pg_catalog.unnest(c.reloptions) o ORDER BY o)::text] AS shape
         FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am am ON am.oid = c.relam
         WHERE i.indexrelid = ${index} OR i.indrelid = ${quoteLiteral(`pg_temp.${probe}`)}::regclass)
       SELECT count(DISTINCT shape) = 1 AND count(*) = 2 AS same FROM shape`,
    );
    return rows[0]?.same === true;
  } catch (error) {
    // Whatever keeps the server from answering (no TEMPORARY right, a view of that name) leaves it unproven.
    if (sqlState(error) === undefined || isConnectionLost(error)) throw error;
    return false;
  } finally {
    await session.batch("ROLLBACK");
  }
}

function regclassText(name: readonly string[]): string {
  return name.map(quoteIdent).join(".");
}

/** The CREATE INDEX statement on another table, and not concurrently. */
async function onOtherTable(statement: Statement, table: string): Promise<string> {
  const { parseSync, scanSync } = await loadParser();
  const { sql } = statement;
  const body = (parseSync(sql).stmts![0]!.stmt as unknown as { IndexStmt: Body }).IndexStmt;
  const { location = 0, schemaname } = body["relation"] as {
    location?: number;
    schemaname?: string;
  };
  const { tokens } = scanSync(sql);
  const first = tokens.findIndex(({ start }) => start === location);
  // `schema.table` is three tokens.
  const last = tokens[first + (schemaname === undefined ? 0 : 2)]!;
  const concurrently = tokens.find(
    ({ text, keywordKind }) => keywordKind !== 0 && text.toLowerCase() === "concurrently",
  );
  const bytes = Buffer.from(sql);
  const cut = (from: number, to: number) => bytes.subarray(from, to).toString();
  const head =
    concurrently === undefined
      ? cut(0, location)
      : `${cut(0, concurrently.start)} ${cut(concurrently.end, location)}`;
  return `${head}${table}${cut(last.end, bytes.length)}`;
}
