/**
 * SQL in parentheses that gives `relid`, the oids of a table, of its partitions and of the tables that inherit from it, on
 * every level. No rows but a NULL for a table that is not there.
 *
 * @param oid SQL of an oid
 */
export function treeSql(oid: string): string {
  return `(WITH RECURSIVE tree (relid) AS (
      SELECT ${oid}::oid UNION SELECT i.inhrelid FROM tree JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.relid AND NOT i.inhdetachpending)
    SELECT relid FROM tree)`;
}
