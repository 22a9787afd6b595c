import type { Queryable } from "../../src/pg/index.ts";

/** What a standby must have no less of than its primary has, or it does not start (manual 26.4.3). */
export async function standbySettings(
  primary: Queryable,
): Promise<Readonly<Record<string, string>>> {
  const { rows } = await primary.query<{ least: Record<string, string> }>(
    `SELECT jsonb_object_agg(name, setting) AS least FROM pg_settings WHERE name IN
       ('max_connections', 'max_prepared_transactions', 'max_locks_per_transaction', 'max_wal_senders', 'max_worker_processes')`,
  );
  return rows[0]!.least;
}
