import type { MigrationFolder } from "./migration.ts";

interface OwnTable {
  readonly schema: string;
  readonly table: string;
}

/** What catalogs are compared without: the migration tool's own ledger, and what else it has made for itself. */
export function ledgerOf(folder: MigrationFolder | undefined): readonly OwnTable[] {
  if (folder?.ledger === undefined) return unread[folder?.tool ?? ""] ?? [];
  const { schema, table } = folder.ledger;
  const own = folder.program?.ownTables ?? [table, ...(besideLedger[folder.tool] ?? [])];
  return own.map((name) => ({ schema, table: name }));
}

/** Types that only such tables have, by their qualified names. */
export function typesOfLedger(folder: MigrationFolder | undefined): ReadonlySet<string> {
  const isLookedAt = folder !== undefined && folder.ledger === undefined;
  return new Set(isLookedAt && folder.tool === "prairielearn" ? batchedTypes : []);
}

const batchedTypes = [
  "public.enum_batched_migration_status",
  "public.enum_batched_migration_job_status",
];

/** What tools keep beside their ledger. */
const besideLedger: Readonly<Record<string, readonly string[]>> = {
  // Of `graphile-migrate watch`; made with the ledger.
  "graphile-migrate": ["current"],
};

/** Ledgers of folders that are only looked at, where their tools keep them unless they are told otherwise. */
const unread: Readonly<Record<string, readonly OwnTable[]>> = {
  atlas: [{ schema: "atlas_schema_revisions", table: "atlas_schema_revisions" }],
  diesel: [{ schema: "public", table: "__diesel_schema_migrations" }],
  "postgres-migrations": [{ schema: "public", table: "migrations" }],
  prairielearn: ["migrations", "batched_migrations", "batched_migration_jobs", "named_locks"].map(
    (table) => ({ schema: "public", table }),
  ),
  "sql-migrate": [{ schema: "public", table: "gorp_migrations" }],
  tern: [{ schema: "public", table: "schema_version" }],
};
