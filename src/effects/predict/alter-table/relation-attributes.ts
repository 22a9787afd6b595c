import type { AlterTableCmd } from "@pgsql/types";
import type { Relation } from "../../world/index.ts";
import { byId, foreignKeysTo, isUsed, sequencesOf } from "../../world/index.ts";
import { refuseMissingAccessMethod, refuseMissingTablespace } from "../access.ts";
import { whyUnclusterable } from "../maintain/clusterable.ts";
import { triggerUses } from "./dependents.ts";
import { changeOf, hasRows, lockDescendants, refuse, remainingIndexes, type Plan } from "./plan.ts";

/** SET LOGGED and SET UNLOGGED (tablecmds.c, ATPrepChangePersistence). */
export function changePersistence(plan: Plan, relation: Relation, unlogged: boolean): void {
  const wanted = unlogged ? "unlogged" : "permanent";
  if (relation.kind === "partitioned table") {
    if (plan.major >= 18)
      refuse(
        plan,
        "42809",
        `ALTER action SET ${unlogged ? "UNLOGGED" : "LOGGED"} cannot be performed on relation "${relation.name}"`,
      );
    else refuseMixed(plan, relation, unlogged);
    return;
  }
  if (relation.persistence === "temporary") {
    refuse(
      plan,
      "42P16",
      `cannot change logged status of table "${relation.name}" because it is temporary`,
    );
    return;
  }
  if (isSecond(plan, relation, "persistence", "0A000", "cannot change persistence setting twice"))
    return;
  if (relation.persistence === wanted) return;
  changeOf(plan, relation).replaced.add("persistence");
  if (unlogged && relation.publications.length > 0) {
    refuse(
      plan,
      "55000",
      `cannot change table "${relation.name}" to unlogged because it is part of a publication`,
    );
    return;
  }
  if (refuseMixed(plan, relation, unlogged)) return;
  changeOf(plan, relation).rewrite = true;
  // Since 15 identity and serial sequences follow their table.
  if (plan.major >= 15)
    for (const sequence of sequencesOf(plan.world, relation.id))
      plan.draft.lock(sequence, "AccessExclusive", "sequence");
}

/** What is new for the whole table is said once in an ALTER TABLE (tablecmds.c, ATPrepCmd). */
function isSecond(
  plan: Plan,
  relation: Relation,
  what: "access method" | "persistence" | "tablespace",
  sqlState: string,
  message: string,
): boolean {
  const isReplaced = changeOf(plan, relation).replaced.has(what);
  if (isReplaced) refuse(plan, sqlState, message);
  return isReplaced;
}

/** Foreign keys tie tables that last as long; true when the statement fails for it. */
function refuseMixed(plan: Plan, relation: Relation, unlogged: boolean): boolean {
  const others = unlogged ? referencing(plan, relation) : referencedBy(plan, relation);
  const other = others.find(
    ({ id, persistence }) => id !== relation.id && (persistence === "permanent") === unlogged,
  );
  if (other !== undefined)
    refuse(
      plan,
      "42P16",
      `could not change table "${relation.name}" to ${unlogged ? "unlogged" : "logged"} because it references ${unlogged ? "logged" : "unlogged"} table "${other.name}"`,
    );
  return other !== undefined;
}

/** Tables that reference it, or what it is a partition of. */
function referencing(plan: Plan, relation: Relation): readonly Relation[] {
  const above = byId(plan.world, relation.partitionOf?.parent ?? 0);
  const own = foreignKeysTo(plan.world, relation.id);
  return above === undefined ? own : [...own, ...referencing(plan, above)];
}

function referencedBy({ world }: Plan, relation: Relation): Relation[] {
  return relation.constraints.flatMap((constraint) =>
    constraint.kind === "foreign-key" ? (byId(world, constraint.references.table) ?? []) : [],
  );
}

/** SET TABLESPACE: the file is copied, of an index as of a table (tablecmds.c, ATExecSetTableSpace). */
export function setTablespace(plan: Plan, relation: Relation, name: string): void {
  if (name === "pg_global") {
    refuse(plan, "22023", "only shared relations can be placed in pg_global tablespace");
    return;
  }
  refuseMissingTablespace(plan.draft, name);
  const twice = "cannot have multiple SET TABLESPACE subcommands";
  if (isSecond(plan, relation, "tablespace", "42601", twice)) return;
  changeOf(plan, relation).replaced.add("tablespace");
  const own = plan.world.server?.databaseTablespace ?? "pg_default";
  if (plan.draft.fails || (relation.tablespace ?? own) === name) return;
  if (hasRows(relation)) plan.draft.rewrite(relation);
  const table = byId(plan.world, relation.index?.table ?? 0);
  if (relation.kind === "index" && table !== undefined) plan.draft.build(table, relation);
}

/** SET ACCESS METHOD (15) (tablecmds.c, ATPrepSetAccessMethod). */
export function setAccessMethod(plan: Plan, relation: Relation, name: string | undefined): void {
  const { major } = plan;
  if (major < 15 || (name === undefined && major < 17)) {
    refuse(
      plan,
      "42601",
      `this form of SET ACCESS METHOD exists since Postgres ${major < 15 ? 15 : 17}`,
    );
    return;
  }
  refuseMissingAccessMethod(plan.draft, name);
  if (plan.draft.fails) return;
  if (relation.kind === "partitioned table") {
    if (major < 17) refuse(plan, "42809", "cannot change access method of a partitioned table");
    return;
  }
  const twice = "cannot have multiple SET ACCESS METHOD subcommands";
  if (isSecond(plan, relation, "access method", "42601", twice)) return;
  if ((relation.accessMethod ?? "heap") === (name ?? "heap")) return;
  changeOf(plan, relation).replaced.add("access method");
  changeOf(plan, relation).rewrite = true;
}

/** Storage parameters of tables (reloptions.c). */
const tableOptions: ReadonlySet<string> = new Set([
  "fillfactor",
  "toast_tuple_target",
  "parallel_workers",
  "user_catalog_table",
  "vacuum_index_cleanup",
  "vacuum_truncate",
  "vacuum_max_eager_freeze_failure_rate",
  "log_autovacuum_min_duration",
  "oids",
]);

/** Of indexes, by their method; those of an extension's are not known. */
const indexOptions: Readonly<Record<string, readonly string[]>> = {
  brin: ["autosummarize", "pages_per_range"],
  btree: ["deduplicate_items", "fillfactor"],
  gin: ["fastupdate", "gin_pending_list_limit"],
  gist: ["buffering", "fillfactor"],
  hash: ["fillfactor"],
  spgist: ["fillfactor"],
};

const viewOptions: ReadonlySet<string> = new Set([
  "security_barrier",
  "security_invoker",
  "check_option",
]);

function isUnknownOption({ kind, index }: Relation, name: string, isOfTable: boolean): boolean {
  if (kind === "index") return indexOptions[index?.method ?? ""]?.includes(name) === false;
  if (kind === "view") return !viewOptions.has(name);
  return kind === "table" && !isOfTable;
}

export function changeOptions(
  plan: Plan,
  relation: Relation,
  { def, subtype }: AlterTableCmd,
): void {
  const items = def !== undefined && "List" in def ? (def.List.items ?? []) : [];
  for (const item of items) {
    if (!("DefElem" in item) || subtype !== "AT_SetRelOptions") continue;
    const { defname = "" } = item.DefElem;
    const isKnown = tableOptions.has(defname) || defname.startsWith("autovacuum_");
    if (relation.kind === "partitioned table")
      refuse(
        plan,
        plan.major >= 16 ? "42809" : "22023",
        "cannot specify storage parameters for a partitioned table",
      );
    else if (isUnknownOption(relation, defname, isKnown))
      refuse(plan, "22023", `unrecognized parameter "${defname}"`);
  }
}

/** ENABLE and DISABLE TRIGGER name (trigger.c, EnableDisableTrigger). */
export function switchTrigger(
  plan: Plan,
  relation: Relation,
  { name = "" }: AlterTableCmd,
  recurse: boolean,
): void {
  const lost = lostColumns(plan, relation);
  const trigger = relation.triggers.find(
    (candidate) =>
      candidate.name === name && !lost.some((column) => triggerUses(candidate, column)),
  );
  if (trigger === undefined)
    plan.draft.missing(`trigger "${name}" for table "${relation.name}"`, "42704");
  else if (trigger.forEachRow) switchInPartitions(plan, relation, recurse);
}

/** ENABLE and DISABLE TRIGGER ALL and USER; those of constraints are not for USER. */
export function switchTriggers(
  plan: Plan,
  relation: Relation,
  { subtype }: AlterTableCmd,
  recurse: boolean,
): void {
  const isAll = subtype === "AT_EnableTrigAll" || subtype === "AT_DisableTrigAll";
  if (relation.triggers.some(({ forEachRow }) => forEachRow))
    switchInPartitions(plan, relation, recurse);
  else if (isAll && hasConstraintTriggers(plan, relation))
    switchInPartitions(plan, relation, recurse);
}

/** Partitions have a trigger of their own for each FOR EACH ROW trigger of the partitioned table. */
function switchInPartitions(plan: Plan, relation: Relation, recurse: boolean): void {
  if (recurse && relation.kind === "partitioned table") lockDescendants(plan, relation);
}

/** Since 15 a partitioned table itself has the triggers of its foreign keys (tablecmds.c, addFkRecurseReferencing). */
function hasConstraintTriggers({ world, major }: Plan, relation: Relation): boolean {
  const hasForeignKeys =
    foreignKeysTo(world, relation.id).length > 0 ||
    relation.constraints.some(({ kind, enforced }) => kind === "foreign-key" && enforced);
  return (
    (major >= 15 && hasForeignKeys) ||
    relation.constraints.some(
      ({ kind, deferrable }) => (kind === "unique" || kind === "primary-key") && deferrable,
    )
  );
}

/** Columns that the statement drops: CASCADE takes the triggers and rules along that use them. */
function lostColumns(plan: Plan, relation: Relation): readonly string[] {
  const left = new Set(changeOf(plan, relation).columns.map(({ name }) => name));
  return relation.columns.flatMap(({ name }) => (left.has(name) ? [] : [name]));
}

export function switchRule(plan: Plan, relation: Relation, { name = "" }: AlterTableCmd): void {
  const lost = lostColumns(plan, relation);
  const isThere = relation.rules.some(
    (rule) => rule.name === name && !lost.some((column) => isUsed(rule.uses, relation.id, column)),
  );
  if (!isThere) plan.draft.missing(`rule "${name}" for relation "${relation.name}"`, "42704");
}

/** SET WITHOUT CLUSTER, and CLUSTER ON: neither is there for partitioned tables (cluster.c, mark_index_clustered). */
function refuseClustering(plan: Plan, { kind }: Relation): void {
  if (kind === "partitioned table")
    refuse(plan, "0A000", "cannot mark index clustered in partitioned table");
}

export function dropCluster(plan: Plan, relation: Relation): void {
  refuseClustering(plan, relation);
}

/** CLUSTER ON (cluster.c, check_index_is_clusterable). */
export function clusterOn(plan: Plan, relation: Relation, { name = "" }: AlterTableCmd): void {
  const index = remainingIndexes(plan, changeOf(plan, relation)).find(
    (candidate) => candidate.name === name,
  );
  if (index?.index === undefined) {
    plan.draft.missing(`index "${name}" for table "${relation.name}"`, "42704");
    return;
  }
  plan.draft.lock(index, plan.mode, "index");
  const problem = whyUnclusterable(index);
  if (problem !== undefined) refuse(plan, "0A000", problem);
  else refuseClustering(plan, relation);
}

/** REPLICA IDENTITY USING INDEX (tablecmds.c, ATExecReplicaIdentity). */
export function replicaIdentity(plan: Plan, relation: Relation, { def }: AlterTableCmd): void {
  if (def === undefined || !("ReplicaIdentityStmt" in def)) return;
  const { identity_type: kind, name = "" } = def.ReplicaIdentityStmt;
  if (kind !== "i") return;
  const change = changeOf(plan, relation);
  const index = remainingIndexes(plan, change).find((candidate) => candidate.name === name);
  if (index?.index === undefined) {
    plan.draft.missing(`index "${name}" for table "${relation.name}"`, "42704");
    return;
  }
  const { unique, valid, predicate, columns } = index.index;
  const nullable = change.columns.find(
    (column) => columns.includes(column.name) && !column.notNull,
  );
  const cannot = `cannot use index "${name}" as replica identity`;
  if (!unique) refuse(plan, "42809", `${cannot}: it is not unique`);
  else if (columns.includes(undefined)) refuse(plan, "42809", `${cannot}: it has an expression`);
  else if (predicate !== undefined) refuse(plan, "42809", `${cannot}: it is partial`);
  else if (!valid) refuse(plan, "42809", `${cannot}: it is invalid`);
  else if (nullable !== undefined)
    refuse(
      plan,
      "42809",
      `index "${name}" cannot be used as replica identity because column "${nullable.name}" is nullable`,
    );
  else plan.draft.lock(index, "Share", "index");
}
