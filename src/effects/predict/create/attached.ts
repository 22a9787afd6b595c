import type {
  AlterPolicyStmt,
  CreatePolicyStmt,
  CreateStatsStmt,
  CreateTrigStmt,
  RuleStmt,
} from "@pgsql/types";
import { findRoutines, partitionsOf, relationName, type Relation } from "../../world/index.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import { statisticsFacts } from "../../world/written-facts.ts";
import { baseOf } from "../alter-table/conversion.ts";
import type { EffectDraft } from "../draft.ts";
import { lacksOperatorClass } from "../type-order.ts";
import { shown, target } from "../names.ts";
import { predictQuery } from "../query/index.ts";

/** Bit of `timing` for INSTEAD OF (pg_trigger.h, TRIGGER_TYPE_INSTEAD). */
const insteadOf = 1 << 6;

/** CREATE TRIGGER: ShareRowExclusive, for a row trigger also on partitions (trigger.c, CreateTriggerFiringOn). */
export function predictTrigger(draft: EffectDraft, statement: CreateTrigStmt): void {
  const table = target(draft, statement.relation);
  if (table === undefined) return;
  const isInstead = ((statement.timing ?? 0) & insteadOf) !== 0;
  if (isInstead && table.kind !== "view") {
    draft.fail("always", "42809", `"${table.name}" is a table`);
    return;
  }
  if (table.kind === "view" && !isInstead && statement.row === true) {
    draft.fail("always", "42809", `"${table.name}" is a view`);
    return;
  }
  if (!["table", "partitioned table", "foreign table", "view"].includes(table.kind)) {
    draft.fail("always", "42809", `relation "${table.name}" cannot have triggers`);
    return;
  }
  const missing = strings(statement.columns).find((column) =>
    table.columns.every((own) => own.name !== column),
  );
  if (missing !== undefined) {
    draft.missing(`column "${missing}" of relation "${table.name}"`, "42703");
    return;
  }
  const name = dottedName(strings(statement.funcname));
  const functions = findRoutines(draft.world, name, draft.searchPath);
  const routine = functions.find((each) => each.arguments.length === 0);
  if (routine === undefined && name.schema !== "pg_catalog" && !isBuiltinTrigger(name.name)) {
    draft.missing(`function ${shown(name)}()`, "42883");
    return;
  }
  if (
    routine !== undefined &&
    routine.returns?.name !== "trigger" &&
    routine.returns !== undefined
  ) {
    draft.fail("always", "42P17", `function ${routine.name} must return type trigger`);
    return;
  }
  const known = table.triggers.find((trigger) => trigger.name === statement.trigname);
  // One that a partitioned table gave its partition is not replaced either, nor a constraint trigger.
  const isReplaced =
    statement.replace === true && known?.inherited === false && !known.isConstraint;
  if (known !== undefined && !isReplaced) {
    draft.fail(
      "always",
      "42710",
      `trigger "${statement.trigname}" for relation "${table.name}" already exists`,
    );
    return;
  }
  draft.lock(table, "ShareRowExclusive");
  if (statement.constrrel !== undefined) {
    const other = target(draft, statement.constrrel);
    if (other !== undefined) draft.lock(other, "AccessShare", "other");
  }
  if (statement.row === true) lockPartitions(draft, table);
}

/** Trigger functions of Postgres itself (pg_proc.dat). */
function isBuiltinTrigger(name: string): boolean {
  return (
    name === "suppress_redundant_updates_trigger" || name.startsWith("tsvector_update_trigger")
  );
}

function lockPartitions(draft: EffectDraft, table: Relation): void {
  for (const partition of partitionsOf(draft.world, table.id)) {
    draft.lock(partition, "ShareRowExclusive", "partition");
    lockPartitions(draft, partition);
  }
}

/** CREATE RULE: AccessExclusive; the actions are analysed, which locks what they name (rewriteDefine.c). */
export function predictRule(draft: EffectDraft, statement: RuleStmt): void {
  const relation = target(draft, statement.relation);
  if (relation === undefined) return;
  if (!["table", "partitioned table", "view", "materialized view"].includes(relation.kind)) {
    draft.fail("always", "42809", `"${relation.name}" is not a table or view`);
    return;
  }
  if (relation.kind === "materialized view") {
    draft.fail("always", "0A000", "rules on materialized views are not supported");
    return;
  }
  const exists = relation.rules.some(({ name }) => name === statement.rulename);
  if (exists && statement.replace !== true) {
    draft.fail(
      "always",
      "42710",
      `rule "${statement.rulename}" for relation "${relation.name}" already exists`,
    );
    return;
  }
  draft.lock(relation, "AccessExclusive");
  predictQuery(draft, [statement.whereClause, statement.actions], "parsed");
}

/** CREATE and ALTER POLICY: AccessExclusive; tables in its expressions are looked up (policy.c). */
export function predictPolicy(
  draft: EffectDraft,
  statement: CreatePolicyStmt | AlterPolicyStmt,
  isNew: boolean,
): void {
  const table = target(draft, statement.table);
  if (table === undefined) return;
  if (table.kind !== "table" && table.kind !== "partitioned table") {
    draft.fail("always", "42809", `"${table.name}" is not a table`);
    return;
  }
  const name = statement.policy_name ?? "";
  const exists = table.policies.some((policy) => policy.name === name);
  if (exists && isNew) {
    draft.fail("always", "42710", `policy "${name}" for table "${table.name}" already exists`);
    return;
  }
  if (!exists && !isNew) {
    draft.missing(`policy "${name}" for table "${table.name}"`, "42704");
    return;
  }
  draft.lock(table, "AccessExclusive");
  predictQuery(draft, [statement.qual, statement.with_check], "parsed");
}

/** CREATE STATISTICS: ShareUpdateExclusive (statscmds.c, CreateStatistics). */
export function predictStatistics(draft: EffectDraft, statement: CreateStatsStmt): void {
  const name = dottedName(strings(statement.defnames));
  if (name.name === "" && draft.world.major < 16)
    draft.fail("always", "42601", "CREATE STATISTICS needs a name before Postgres 16");
  for (const node of statement.relations ?? []) {
    if (!("RangeVar" in node)) continue;
    const table = target(draft, node.RangeVar);
    if (table === undefined) continue;
    const qualified = relationName({ schema: name.schema ?? table.schema, name: name.name });
    const exists = name.name !== "" && table.statistics.some((each) => each.name === qualified);
    if (exists && statement.if_not_exists !== true) {
      draft.fail("always", "42710", `statistics object "${name.name}" already exists`);
      return;
    }
    if (table.index !== undefined || ["view", "sequence", "composite type"].includes(table.kind)) {
      draft.fail("always", "42809", `cannot define statistics for relation "${table.name}"`);
      return;
    }
    draft.lock(table, "ShareUpdateExclusive");
    const { exprs = [] } = statement;
    const isVirtual = ({ generated, name: own }: Relation["columns"][number]) =>
      generated?.kind === "virtual" &&
      exprs.some((node) => "StatsElem" in node && node.StatsElem.name === own);
    if (table.columns.some(isVirtual))
      draft.fail(
        "always",
        "0A000",
        "statistics creation on virtual generated columns is not supported",
      );
    const { keys } = statisticsFacts(statement);
    for (const key of keys) {
      const column = table.columns.find(({ name: own }) => own === key);
      if (column === undefined) draft.missing(`column "${key}"`, "42703");
      else if (lacksOperatorClass(draft.world, "btree", baseOf(draft.world, column.type)))
        draft.fail(
          "always",
          "0A000",
          `column "${key}" cannot be used in statistics because its type has no default btree operator class`,
        );
    }
    if (new Set(keys).size < keys.length)
      draft.fail("always", "42701", "duplicate column name in statistics definition");
    const [only] = exprs;
    if (exprs.length === 1 && only !== undefined && "StatsElem" in only && only.StatsElem.name)
      draft.fail("always", "42P17", "extended statistics require at least 2 columns");
  }
}
