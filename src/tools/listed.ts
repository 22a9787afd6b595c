import type { AppliedMigration, Migration } from "./migration.ts";

/**
 * The rows of a tool's ledger by the migration they stand for. A ledger that keeps only a position tells nothing of a
 * file that was merged behind it: where Lockstep's own ledger has a later migration and not this one, it is left out.
 *
 * @param migrations in the folder's order
 * @param ours what Lockstep's own ledger has of them
 */
export function rowsByMigration(
  migrations: readonly Migration[],
  rows: readonly AppliedMigration[],
  ours: { has(id: string): boolean },
): ReadonlyMap<string, AppliedMigration> {
  const known = migrations.findLastIndex(({ id }) => ours.has(id));
  const late = new Set(
    migrations.slice(0, Math.max(known, 0)).flatMap(({ id }) => (ours.has(id) ? [] : [id])),
  );
  const listed = new Map<string, AppliedMigration>();
  for (const row of rows)
    if (row.id !== undefined && !(row.isPassed === true && late.has(row.id)))
      listed.set(row.id, row);
  return listed;
}
