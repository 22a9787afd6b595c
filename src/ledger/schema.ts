import { LockstepError } from "../errors/index.ts";
import type { Queryable } from "../pg/index.ts";
import { backfillTables } from "./backfill-tables.ts";
import { planTables } from "./plan-tables.ts";
import { processTables } from "./process-table.ts";
import { releaseTables } from "./release-tables.ts";
import { runTables } from "./run-tables.ts";

/** The format of schema `lockstep` that this version writes. Changes are additive. */
export const ledgerVersion = 4;

/**
 * Makes schema `lockstep` in the target database, or brings an older one up to this version. Harmless to repeat;
 * racing callers are serialised by a transaction lock.
 * @throws LockstepError `ledger-newer` when a newer Lockstep has written here
 */
export async function installLedger(database: Queryable): Promise<void> {
  const found = await readLedgerVersion(database);
  if (found === ledgerVersion) return;
  await database.query(
    [
      "BEGIN",
      // Two first runs at once: CREATE SCHEMA IF NOT EXISTS is not race-free by itself.
      "SELECT pg_catalog.pg_advisory_xact_lock(1280, 1)",
      "CREATE SCHEMA IF NOT EXISTS lockstep",
      ...runTables,
      ...releaseTables,
      ...backfillTables,
      ...planTables,
      ...processTables,
      "CREATE TABLE IF NOT EXISTS lockstep.meta (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL)",
      `INSERT INTO lockstep.meta (version) VALUES (${ledgerVersion}) ON CONFLICT (one) DO UPDATE SET version = EXCLUDED.version`,
      "COMMIT",
    ].join(";\n"),
  );
}

/**
 * The version of the ledger found in the database, 0 when there is none.
 * @throws LockstepError `ledger-newer`
 */
export async function readLedgerVersion(database: Queryable): Promise<number> {
  const { rows } = await database.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('lockstep.meta') IS NOT NULL AS there",
  );
  if (rows[0]?.there !== true) return 0;
  const meta = await database.query<{ version: number }>("SELECT version FROM lockstep.meta");
  const version = meta.rows[0]?.version ?? 0;
  if (version > ledgerVersion)
    throw new LockstepError("ledger-newer", {
      what: "a newer Lockstep has written to this database",
      expected: `ledger format ${ledgerVersion} or older`,
      found: `format ${version} in lockstep.meta`,
      why: "another machine or pipeline runs a newer version than this one",
      next: ["npm install lockstep@latest"],
    });
  return version;
}
