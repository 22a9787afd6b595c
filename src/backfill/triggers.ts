import type { Queryable } from "../pg/index.ts";
import { treeSql } from "./tree.ts";

/**
 * The application's own triggers that fire for each row that is filled: what they do (audit rows, notifications,
 * `updated_at`) happens as often as the table has rows. Triggers whose function is in schema `lockstep` are the plan's.
 */
export async function triggersThatFire(
  database: Queryable,
  table: string,
): Promise<readonly string[]> {
  const { rows } = await database.query<{ name: string }>(
    `SELECT DISTINCT t.tgname AS name
       FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE t.tgrelid IN ${treeSql("$1::regclass")}
        AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 16 <> 0
        AND n.nspname <> 'lockstep'
      ORDER BY 1`,
    [table],
  );
  return rows.map(({ name }) => name);
}
