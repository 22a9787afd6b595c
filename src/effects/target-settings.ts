import type { Queryable } from "../pg/index.ts";

/**
 * Settings of a database and role, lower-case names, TimeZone always among them; those that are not here have Postgres'
 * own default.
 */
export type TargetSettings = Readonly<Record<string, string>>;

/**
 * Settings that decide what a migration does: where names are looked for, how texts are read, whether a change of types
 * writes a table again (TimeZone), which locks and waits it may have, and what it makes.
 */
const names = [
  "timezone",
  "search_path",
  "standard_conforming_strings",
  "backslash_quote",
  "datestyle",
  "intervalstyle",
  "default_transaction_isolation",
  "default_transaction_read_only",
  "default_transaction_deferrable",
  "default_tablespace",
  "default_table_access_method",
  "default_toast_compression",
  "check_function_bodies",
  "row_security",
  "array_nulls",
  "transform_null_equals",
  "quote_all_identifiers",
  "session_replication_role",
  "lock_timeout",
  "statement_timeout",
  "idle_in_transaction_session_timeout",
  "transaction_timeout",
];

/** Where a session's value comes from when the session did not set it (pg_settings.source). */
const lasting = ["configuration file", "command line", "environment variable", "global"];
const assigned = ["database", "user", "database user"];

/**
 * What a new session of this role has in this database, where it is not Postgres' own default. A setting that the
 * reading session itself has changed is given as it was before (pg_settings.reset_val).
 */
export async function readTargetSettings(database: Queryable): Promise<TargetSettings> {
  const { rows } = await database.query<{ name: string; value: string }>(
    `SELECT lower(name) AS name, reset_val AS value
       FROM pg_catalog.pg_settings
      WHERE lower(name) = ANY ($1)
        AND (lower(name) = 'timezone' OR reset_val IS DISTINCT FROM boot_val AND source = ANY ($2))
      ORDER BY 1`,
    [names, [...lasting, ...assigned, "session"]],
  );
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}
