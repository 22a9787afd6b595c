import { sqlState, type Session } from "../pg/index.ts";
import { qualifiedName, quoteQualified, type QualifiedName } from "../sql/index.ts";

/** Materialized views of a database. */
export interface Views {
  readonly names: ReadonlySet<QualifiedName>;
  /** Those that could not be made anew, with the server's reason. */
  readonly failed: ReadonlyMap<QualifiedName, string>;
}

/** Makes materialized views anew over the rows that are there now, older ones first: later ones may read them. */
export async function refreshViews(session: Session): Promise<Views> {
  const { rows } = await session.query<{ schema: string; name: string; populated: boolean }>(
    `SELECT n.nspname AS schema, c.relname AS name, c.relispopulated AS populated
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'm' AND c.oid >= 16384 ORDER BY c.oid`,
  );
  const failed = new Map<QualifiedName, string>();
  for (const { schema, name, populated } of rows) {
    if (!populated) continue;
    try {
      await session.query(`REFRESH MATERIALIZED VIEW ${quoteQualified(schema, name)}`);
    } catch (error) {
      if (sqlState(error) === undefined) throw error;
      failed.set(qualifiedName(schema, name), (error as Error).message);
    }
  }
  return { names: new Set(rows.map(({ schema, name }) => qualifiedName(schema, name))), failed };
}
