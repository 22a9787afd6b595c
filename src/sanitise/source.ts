import type { Session } from "../pg/index.ts";
import { qualifiedName, type QualifiedName } from "../sql/index.ts";

/** A column of the database that rows are copied from. */
export interface SourceColumn {
  readonly name: string;
  /** As SQL, with its modifiers. */
  readonly type: string;
  /** A whole number that the server gives: an identity, or a sequence by default. */
  readonly isNumbered: boolean;
  /** False for a collation in which different texts may count as one. */
  readonly isDeterministic: boolean;
  readonly isReadable: boolean;
  /** Generated: a copy computes it anew. */
  readonly isComputed: boolean;
}

export interface SourceTable {
  readonly name: QualifiedName;
  /** An estimate; 0 where there is none yet. */
  readonly rows: number;
  /** On a standby its rows are not there. */
  readonly isUnlogged: boolean;
  readonly columns: readonly SourceColumn[];
}

const sourceSql = `
  SELECT n.nspname AS schema, c.relname AS name, GREATEST(c.reltuples, 0)::float8 AS rows, c.relpersistence = 'u' AS unlogged,
         pg_catalog.json_agg(pg_catalog.json_build_object(
           'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
           'isNumbered', a.atttypid IN (20, 21, 23) AND (a.attidentity <> ''
             OR EXISTS (SELECT FROM pg_catalog.pg_attrdef d
                         WHERE d.adrelid = c.oid AND d.adnum = a.attnum AND a.attgenerated = ''
                           AND pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%')),
           'isDeterministic', COALESCE((SELECT l.collisdeterministic FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation), true),
           'isComputed', a.attgenerated <> '',
           'isReadable', pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')) ORDER BY a.attnum) AS columns
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384
   GROUP BY n.nspname, c.oid, c.relname, c.reltuples, c.relpersistence`;

/** Tables of a database with their columns. Inside a transaction with an empty search_path, so that types have whole names. */
export async function readSourceTables(
  session: Session,
): Promise<ReadonlyMap<QualifiedName, SourceTable>> {
  const { rows } = await session.query<{
    schema: string;
    name: string;
    rows: number;
    unlogged: boolean;
    columns: SourceColumn[];
  }>(sourceSql);
  return new Map(
    rows.map(({ schema, name, rows: count, unlogged, columns }) => {
      const table = qualifiedName(schema, name);
      return [table, { name: table, rows: count, isUnlogged: unlogged, columns }];
    }),
  );
}
