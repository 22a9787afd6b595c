import type { AlterTableCmd } from "@pgsql/types";
import type { RelationKind } from "../../effect.ts";
import type { Relation } from "../../world/index.ts";
import { refuse, type Plan } from "./plan.ts";

const table: readonly RelationKind[] = ["table", "partitioned table"];
const withForeign: readonly RelationKind[] = [...table, "foreign table"];
const withComposite: readonly RelationKind[] = [...withForeign, "composite type"];
const stored: readonly RelationKind[] = ["table", "partitioned table", "materialized view"];
const measured: readonly RelationKind[] = [
  ...stored,
  "foreign table",
  "index",
  "partitioned index",
];
const withOptions: readonly RelationKind[] = [...stored, "view", "index"];

/** Kinds of relations that a subcommand is for (tablecmds.c, ATPrepCmd: calls of ATSimplePermissions). */
const permitted: Readonly<Record<string, readonly RelationKind[]>> = {
  AT_AddColumn: withComposite,
  AT_ColumnDefault: [...withForeign, "view"],
  AT_DropNotNull: withForeign,
  AT_SetNotNull: withForeign,
  AT_SetExpression: withForeign,
  AT_DropExpression: withForeign,
  AT_SetStatistics: measured,
  AT_SetOptions: [...stored, "foreign table"],
  AT_ResetOptions: [...stored, "foreign table"],
  AT_SetStorage: [...stored, "foreign table"],
  AT_SetCompression: stored,
  AT_DropColumn: withComposite,
  AT_AddConstraint: withForeign,
  AT_AlterConstraint: table,
  AT_ValidateConstraint: withForeign,
  AT_DropConstraint: withForeign,
  AT_AlterColumnType: withComposite,
  AT_AlterColumnGenericOptions: ["foreign table"],
  AT_ClusterOn: stored,
  AT_DropCluster: stored,
  AT_SetLogged: [...table, "sequence"],
  AT_SetUnLogged: [...table, "sequence"],
  AT_DropOids: withForeign,
  AT_SetAccessMethod: stored,
  AT_SetTableSpace: [...stored, "index", "partitioned index"],
  AT_SetRelOptions: withOptions,
  AT_ResetRelOptions: withOptions,
  AT_ReplaceRelOptions: withOptions,
  AT_EnableTrig: withForeign,
  AT_EnableAlwaysTrig: withForeign,
  AT_EnableReplicaTrig: withForeign,
  AT_EnableTrigAll: withForeign,
  AT_EnableTrigUser: withForeign,
  AT_DisableTrig: withForeign,
  AT_DisableTrigAll: withForeign,
  AT_DisableTrigUser: withForeign,
  AT_EnableRule: table,
  AT_EnableAlwaysRule: table,
  AT_EnableReplicaRule: table,
  AT_DisableRule: table,
  AT_AddInherit: withForeign,
  AT_DropInherit: withForeign,
  AT_AddOf: table,
  AT_DropOf: table,
  AT_ReplicaIdentity: stored,
  AT_EnableRowSecurity: table,
  AT_DisableRowSecurity: table,
  AT_ForceRowSecurity: table,
  AT_NoForceRowSecurity: table,
  AT_GenericOptions: ["foreign table"],
  AT_AttachPartition: ["table", "partitioned table", "partitioned index"],
  AT_DetachPartition: table,
  AT_DetachPartitionFinalize: table,
  AT_AddIdentity: [...withForeign, "view"],
  AT_SetIdentity: [...withForeign, "view"],
  AT_DropIdentity: [...withForeign, "view"],
};

/** Refuses a subcommand on a relation of a kind that it is not for. */
export function refuseKind(
  plan: Plan,
  relation: Relation,
  { subtype = "AT_AddColumn" }: AlterTableCmd,
): void {
  const kinds = permitted[subtype];
  // Sequences follow since 15.
  const isEarly = plan.major < 15 && relation.kind === "sequence";
  if (isEarly && (subtype === "AT_SetLogged" || subtype === "AT_SetUnLogged"))
    refuse(plan, "42809", `"${relation.name}" is not a table`);
  if (kinds !== undefined && !kinds.includes(relation.kind))
    refuse(
      plan,
      "42809",
      `this form of ALTER TABLE cannot be performed on relation "${relation.name}"`,
    );
}

/** What ALTER VIEW, ALTER INDEX and so on may name; ALTER TABLE may name any of them. */
const named: Readonly<Record<string, readonly RelationKind[]>> = {
  OBJECT_VIEW: ["view"],
  OBJECT_MATVIEW: ["materialized view"],
  OBJECT_FOREIGN_TABLE: ["foreign table"],
  OBJECT_INDEX: ["index", "partitioned index"],
  OBJECT_SEQUENCE: ["sequence"],
  OBJECT_TYPE: ["composite type"],
};

/** Refuses ALTER VIEW of a table and the like (RangeVarCallbackForAlterRelation). */
export function refuseObjectType(
  plan: Plan,
  relation: Relation,
  objectType: string | undefined,
): void {
  const kinds = named[objectType ?? ""];
  if (kinds !== undefined && !kinds.includes(relation.kind))
    refuse(plan, "42809", `"${relation.name}" is not a ${kinds[0]}`);
  else if (objectType === "OBJECT_TABLE" && relation.kind === "composite type")
    refuse(plan, "42809", `"${relation.name}" is a composite type`);
}
