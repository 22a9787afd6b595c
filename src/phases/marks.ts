import {
  beginPlanSql,
  forgetSourceSql,
  movePlanSql,
  recordMigrationSql,
  type Signature,
} from "../ledger/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import { sourceOf, type Mark } from "./parts.ts";

/** What the ledger is told of a plan. */
export interface PlanRecord {
  readonly folder: PlanFolder;
  /** The migration it carries, and where that comes from; undefined when it belongs to no folder. */
  readonly carries: Carried | undefined;
  /** See `PlanRow`. */
  readonly fingerprint: string;
  readonly touches: readonly string[];
  readonly before: readonly string[];
  readonly beatBefore: boolean;
  /** Added to what is known of why the plan may go on. */
  readonly evidence: Readonly<Record<string, unknown>> | undefined;
}

export interface Carried {
  readonly migrations: MigrationFolder;
  readonly migration: Migration;
}

/**
 * Statements that commit together with the moment they tell. From the first on the naive migration counts as applied,
 * in the migration tool's own ledger too, so that nobody runs it beside its plan.
 */
export function markSql(record: PlanRecord, mark: Mark, by: Signature): readonly string[] {
  const { folder, carries, evidence } = record;
  const { id } = folder.plan;
  const { run } = by;
  switch (mark) {
    case "begin":
      return [
        beginPlanSql({
          id,
          source: carries?.migrations.source ?? "",
          migration: carries?.migration.id ?? folder.manifest.migration.file,
          fingerprint: record.fingerprint,
          checksum: folder.checksum,
          touches: record.touches,
          before: record.before,
          beatBefore: record.beatBefore,
          run,
        }),
        ...(carries === undefined ? [] : recordSql(carries, by)),
      ];
    case "expanded":
      return [movePlanSql(id, "backfill", run)];
    case "ready":
      return [movePlanSql(id, "ready", run, evidence)];
    case "contract":
      return [movePlanSql(id, "contract", run, evidence)];
    case "finished":
      return [movePlanSql(id, "finished", run)];
    case "abort":
      return [movePlanSql(id, "abort", run, evidence)];
    case "aborted":
      return [
        movePlanSql(id, "aborted", run),
        `DELETE FROM lockstep.backfill WHERE pg_catalog.split_part(id, '/', 1) = ${quoteLiteral(id)}`,
        ...(carries === undefined ? [] : eraseSql(carries)),
        ...forgetSourceSql(sourceOf(id)),
      ];
  }
}

function recordSql({ migrations, migration }: Carried, by: Signature): readonly string[] {
  const own = recordMigrationSql(
    { ...by, source: migrations.source },
    { ...migration, how: "planned" },
  );
  return [own, ...(migrations.ledger?.recordSql(migration, "marked") ?? [])];
}

function eraseSql({ migrations, migration }: Carried): readonly string[] {
  const own = `DELETE FROM lockstep.migration WHERE source = ${quoteLiteral(migrations.source)} AND id = ${quoteLiteral(migration.id)}`;
  return [own, ...(migrations.ledger?.eraseSql(migration) ?? [])];
}
