import type { Session } from "../pg/index.ts";
import { quoteQualified } from "../sql/index.ts";

/** Rows of each table, by `schema.name` as the catalog writes it. */
export type Counts = Readonly<Record<string, number>>;

/**
 * Counts the rows of every table that a dump holds the rows of: ordinary ones and materialized views, without those of
 * extensions. In the snapshot of the transaction that is open on the session, if one is.
 */
export async function countRows(session: Session): Promise<Counts> {
  const { rows: tables } = await session.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
        AND (c.relkind <> 'm' OR c.relispopulated)
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
              WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
      ORDER BY 1, 2`,
  );
  const counts: [string, number][] = [];
  for (const { schema, name } of tables) {
    const relation = quoteQualified(schema, name);
    const { rows } = await session.query<{ count: string }>(
      `SELECT pg_catalog.count(*) AS count FROM ONLY ${relation}`,
    );
    counts.push([relation, Number(rows[0]!.count)]);
  }
  return Object.fromEntries(counts);
}
