import type { Session } from "../pg/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified } from "../sql/index.ts";
import { ledgerOf, type MigrationFolder } from "../tools/index.ts";

/** A table of a tool's own, with its rows. */
interface OwnTable {
  readonly schema: string;
  readonly table: string;
  /** Names and types, in SQL. */
  readonly columns: readonly string[];
  /** As JSON. */
  readonly rows: string;
}

/** The tool's own tables as they are in a database: its ledger, and what else it keeps for itself. */
export async function readOwnTables(
  session: Session,
  folder: MigrationFolder,
): Promise<readonly OwnTable[]> {
  const found: OwnTable[] = [];
  for (const { schema, table } of ledgerOf(folder)) {
    const name = quoteQualified(schema, table);
    const { rows: columns } = await session.query<{ name: string; type: string }>(
      `SELECT attname AS name, pg_catalog.format_type(atttypid, atttypmod) AS type FROM pg_catalog.pg_attribute
        WHERE attrelid = pg_catalog.to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
      [name],
    );
    if (columns.length === 0) continue;
    const { rows } = await session.query<{ rows: string }>(
      `SELECT coalesce(pg_catalog.jsonb_agg(t), '[]')::text AS rows FROM ${name} t`,
    );
    found.push({
      schema,
      table,
      columns: columns.map((column) => `${quoteIdent(column.name)} ${column.type}`),
      rows: rows[0]!.rows,
    });
  }
  return found;
}

/** The same tables in another database, empty. */
export async function makeOwnTables(session: Session, tables: readonly OwnTable[]): Promise<void> {
  for (const { schema, table, columns } of tables)
    await session.batch(
      `CREATE SCHEMA IF NOT EXISTS ${quoteIdent(schema)}; CREATE TABLE ${quoteQualified(schema, table)} (${columns.join(", ")})`,
    );
}

/** Their rows. */
export async function fillOwnTables(session: Session, tables: readonly OwnTable[]): Promise<void> {
  for (const { schema, table, rows } of tables) {
    const name = quoteQualified(schema, table);
    await session.batch(
      `INSERT INTO ${name} SELECT * FROM pg_catalog.jsonb_populate_recordset(NULL::${name}, ${quoteLiteral(rows)})`,
    );
  }
}
