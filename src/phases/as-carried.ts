import type { PlanRow } from "../ledger/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";

/** The plan of a migration, if its folder has one. */
export function planFor(
  plans: readonly PlanFolder[],
  { id }: Pick<Migration, "id">,
): PlanFolder | undefined {
  return plans.find(({ manifest }) => manifest.migration.id === id);
}

/**
 * The folder as its planned migrations make it while both releases run: in place of each of them stand its expand and
 * backfill phases. What a scratch database makes of it is what the live one looks like before the contract phase.
 *
 * @param which tells for which plans
 */
function asCarried(
  folder: MigrationFolder,
  plans: readonly PlanFolder[],
  which: (plan: PlanFolder) => boolean,
): MigrationFolder {
  const migrations = folder.migrations.map((migration): Migration => {
    const plan = planFor(plans, migration);
    if (plan === undefined || !which(plan)) return migration;
    const { texts } = plan;
    return {
      ...migration,
      file: plan.path,
      sql: `${texts["expand.sql"]}\n${texts["backfill.sql"]}`,
      transaction: "statement",
    };
  });
  return { ...folder, migrations };
}

/**
 * `asCarried` for the plans that are in flight in a database, and for those that the next run begins.
 *
 * @param applied ids of the migrations that the database has, by whatever way
 */
export function whileBothRun(
  folder: MigrationFolder,
  plans: readonly PlanFolder[],
  inFlight: readonly PlanRow[],
  applied: ReadonlySet<string>,
): MigrationFolder {
  return asCarried(
    folder,
    plans,
    ({ manifest }) =>
      inFlight.some(({ id }) => id === manifest.id) || !applied.has(manifest.migration.id ?? ""),
  );
}

/** A plan of which only a part is done: what the catalog looks like is between two states. */
export function isBetween({ phase }: Pick<PlanRow, "phase">): boolean {
  return phase === "expand" || phase === "backfill" || phase === "contract" || phase === "abort";
}
