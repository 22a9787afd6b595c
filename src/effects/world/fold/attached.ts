import type { CreatePolicyStmt, CreateStatsStmt, CreateTrigStmt, RuleStmt } from "@pgsql/types";
import { qualifiedName } from "../../../sql/index.ts";
import { byId, findRoutines } from "../lookup.ts";
import type { Relation, Trigger } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { withDescendants } from "./columns.ts";
import { all, change, creationSchema, target, type FoldContext } from "./context.ts";
import { joinColumnNames, makeObjectName, truncateName } from "./object-names.ts";

/** CREATE [OR REPLACE] [CONSTRAINT] TRIGGER; a row trigger of a partitioned table is made on its partitions too. */
export function createTrigger(context: FoldContext, statement: CreateTrigStmt): void {
  const { world, searchPath } = context;
  const relation = target(context, statement.relation);
  if (relation === undefined) return;
  const written = dottedName(strings(statement.funcname));
  const found = findRoutines(world, written, searchPath)[0];
  const schema = found?.schema ?? written.schema ?? searchPath[0] ?? "public";
  const trigger: Trigger = {
    name: truncateName(statement.trigname ?? ""),
    enabled: true,
    forEachRow: statement.row ?? false,
    routine: qualifiedName(schema, written.name),
  };
  const partitioned = relation.kind === "partitioned table" && trigger.forEachRow;
  for (const id of withDescendants(context, relation.id, partitioned)) {
    const { triggers } = byId(world, id)!;
    change(world, id, {
      triggers: [...triggers.filter(({ name }) => name !== trigger.name), trigger],
    });
  }
}

export function createPolicy(context: FoldContext, statement: CreatePolicyStmt): void {
  const relation = target(context, statement.table);
  if (relation === undefined) return;
  const policy = { name: truncateName(statement.policy_name ?? "") };
  change(context.world, relation.id, { policies: [...relation.policies, policy] });
}

export function createRule(context: FoldContext, statement: RuleStmt): void {
  const relation = target(context, statement.relation);
  const name = truncateName(statement.rulename ?? "");
  if (relation === undefined || relation.rules.includes(name)) return;
  change(context.world, relation.id, { rules: [...relation.rules, name] });
}

/** CREATE STATISTICS; without a name `table_columns_stat` (statscmds.c, ChooseExtendedStatisticName). */
export function createStatistics(context: FoldContext, statement: CreateStatsStmt): void {
  const { world } = context;
  const [range] = all(statement.relations, "RangeVar");
  const relation = target(context, range);
  if (relation === undefined) return;
  const path = strings(statement.defnames);
  const written = dottedName(path);
  const schema = path.length === 0 ? relation.schema : creationSchema(context, written);
  const taken = new Set([...world.relations.values()].flatMap(({ statistics }) => statistics));
  if (path.length > 0) {
    const name = qualifiedName(schema, truncateName(written.name));
    if (!taken.has(name)) addStatistics(context, relation, name);
    return;
  }
  const columns = all(statement.exprs, "StatsElem").map((element) => element.name ?? "expr");
  for (let pass = 0; ; pass++) {
    const label = pass === 0 ? "stat" : `stat${pass}`;
    const name = qualifiedName(
      schema,
      makeObjectName(relation.name, joinColumnNames(columns), label),
    );
    if (taken.has(name)) continue;
    addStatistics(context, relation, name);
    return;
  }
}

function addStatistics({ world }: FoldContext, relation: Relation, name: string): void {
  change(world, relation.id, { statistics: [...relation.statistics, name] });
}
