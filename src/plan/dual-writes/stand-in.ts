import { quoteIdent } from "../../sql/index.ts";

/**
 * A default for a column that is NOT NULL and that only one of the releases writes: for the other a trigger computes it,
 * before NOT NULL is looked at. Without a default the other release's contract finds a column that it would have to
 * give, so that its gate closes and its instances refuse to start. Postgres stores no default that is a plain NULL
 * (AddRelationNewConstraints, heap.c).
 *
 * @param table as it is written in SQL
 */
export function standInDefault(table: string, column: string, type: string): string {
  return `ALTER TABLE ${table} ALTER COLUMN ${quoteIdent(column)} SET DEFAULT CASE WHEN true THEN NULL::${type} END`;
}
