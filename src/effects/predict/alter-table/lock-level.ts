import type { AlterTableCmd } from "@pgsql/types";
import { stronger, type LockMode } from "../../lock-modes.ts";

/** Subcommands that let reads and writes go on (tablecmds.c, AlterTableGetLockLevel). */
const shareUpdateExclusive: ReadonlySet<string | undefined> = new Set([
  "AT_SetStatistics",
  "AT_ClusterOn",
  "AT_DropCluster",
  "AT_SetOptions",
  "AT_ResetOptions",
  "AT_ValidateConstraint",
  "AT_AttachPartition",
  "AT_DetachPartitionFinalize",
]);

/** Subcommands that change which triggers fire, and so only keep out writers. */
const shareRowExclusive: ReadonlySet<string | undefined> = new Set([
  "AT_EnableTrig",
  "AT_EnableAlwaysTrig",
  "AT_EnableReplicaTrig",
  "AT_EnableTrigAll",
  "AT_EnableTrigUser",
  "AT_DisableTrig",
  "AT_DisableTrigAll",
  "AT_DisableTrigUser",
]);

const optionChanges: ReadonlySet<string | undefined> = new Set([
  "AT_SetRelOptions",
  "AT_ResetRelOptions",
  "AT_ReplaceRelOptions",
]);

/** Storage parameters that may be changed under ShareUpdateExclusive (reloptions.c); all of `toast.` belong here too. */
const lightOptions: ReadonlySet<string> = new Set([
  "fillfactor",
  "toast_tuple_target",
  "parallel_workers",
  "vacuum_index_cleanup",
  "vacuum_truncate",
  "vacuum_max_eager_freeze_failure_rate",
  "log_autovacuum_min_duration",
  "n_distinct",
  "n_distinct_inherited",
  "deduplicate_items",
]);

function optionLock(def: AlterTableCmd["def"]): LockMode {
  const items = def !== undefined && "List" in def ? (def.List.items ?? []) : [];
  const isLight = items.every((item) => {
    if (!("DefElem" in item)) return false;
    const { defname = "" } = item.DefElem;
    return lightOptions.has(defname) || defname.startsWith("autovacuum_");
  });
  return isLight ? "ShareUpdateExclusive" : "AccessExclusive";
}

function commandLock({ subtype, def }: AlterTableCmd): LockMode {
  if (shareUpdateExclusive.has(subtype)) return "ShareUpdateExclusive";
  if (shareRowExclusive.has(subtype)) return "ShareRowExclusive";
  if (optionChanges.has(subtype)) return optionLock(def);
  if (subtype === "AT_DetachPartition" && def !== undefined && "PartitionCmd" in def)
    return def.PartitionCmd.concurrent ? "ShareUpdateExclusive" : "AccessExclusive";
  if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def)
    return def.Constraint.contype === "CONSTR_FOREIGN" ? "ShareRowExclusive" : "AccessExclusive";
  return "AccessExclusive";
}

/** The lock of a whole ALTER TABLE: the strictest that one of its subcommands needs. */
export function lockLevelOf(commands: readonly AlterTableCmd[]): LockMode {
  return commands.map(commandLock).reduce(stronger, "AccessShare");
}
