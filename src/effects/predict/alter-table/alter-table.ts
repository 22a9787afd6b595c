import type { AlterTableCmd, AlterTableStmt, Constraint } from "@pgsql/types";
import type { Effect } from "../../effect.ts";
import type { Relation } from "../../world/index.ts";
import { rangeName } from "../../world/nodes.ts";
import type { PredictInput } from "../input.ts";
import { isSystemName, target } from "../names.ts";
import { addColumn } from "./add-column.ts";
import { alterConstraint } from "./alter-constraint.ts";
import { changeType, recheckForeignKeys } from "./change-type.ts";
import { addCheck } from "./checks.ts";
import {
  addIdentity,
  changeDefault,
  changeIdentity,
  dropExpression,
  setExpression,
  setStorage,
} from "./column-attributes.ts";
import { changeComposite } from "./composite.ts";
import { dropColumn } from "./drop-column.ts";
import { dropConstraint } from "./drop-constraint.ts";
import { finish } from "./finish.ts";
import { addForeignKey } from "./foreign-keys.ts";
import { addInherit, addOf, dropInherit } from "./inherit.ts";
import { addKey } from "./keys.ts";
import { lockLevelOf } from "./lock-level.ts";
import { addNotNull, dropNotNull, setNotNull } from "./not-null.ts";
import { changeOwner } from "./owner.ts";
import { attachIndexPartition, attachPartition, detachPartition } from "./partitions.ts";
import { refuseKind, refuseObjectType } from "./permitted.ts";
import { changeOf, columnOf, lockDescendants, startDraft, startPlan, type Plan } from "./plan.ts";
import {
  changeOptions,
  changePersistence,
  clusterOn,
  replicaIdentity,
  setAccessMethod,
  setTablespace,
  switchRule,
  switchTrigger,
} from "./relation-attributes.ts";
import { validateConstraint } from "./validate.ts";

/** The effect of ALTER TABLE, FOREIGN TABLE, INDEX, VIEW, MATERIALIZED VIEW, SEQUENCE or composite TYPE. */
export function predictAlterTable(input: PredictInput): Effect {
  const { node } = input.statement;
  if (!("AlterTableStmt" in node)) return startDraft(input).effect();
  const statement = node.AlterTableStmt;
  const commands = (statement.cmds ?? []).flatMap((cmd) =>
    "AlterTableCmd" in cmd ? [cmd.AlterTableCmd] : [],
  );
  const plan = startPlan(input, lockLevelOf(commands));
  const relation = findTarget(plan, statement);
  if (relation === undefined) return plan.draft.effect();
  plan.draft.lock(relation, plan.mode);
  refuseObjectType(plan, relation, statement.objtype);
  for (const command of commands) refuseKind(plan, relation, command);
  // An empty list of steps is left when something failed already.
  const steps = plan.draft.fails ? [] : inOrder(commands);
  for (const command of steps) {
    apply(plan, relation, command, statement.relation?.inh === true);
    if (plan.draft.fails) return plan.draft.effect();
  }
  recheckForeignKeys(plan);
  if (!plan.draft.fails) finish(plan);
  return plan.draft.effect();
}

function findTarget(plan: Plan, statement: AlterTableStmt): Relation | undefined {
  if (statement.missing_ok !== true) return target(plan.draft, statement.relation);
  const name = rangeName(statement.relation);
  const relation = plan.draft.find(name);
  if (relation === undefined && !plan.draft.knowsAll && !isSystemName(name))
    plan.draft.unknown(`relation "${name.name}" is not known: it may be there or not`);
  return relation;
}

/** Order in which Postgres goes through the subcommands: by kind, then as written (tablecmds.c, AlterTablePass). */
const passes: readonly (readonly string[])[] = [
  ["AT_DropColumn", "AT_DropConstraint", "AT_DropNotNull", "AT_DropExpression", "AT_DropIdentity"],
  ["AT_AlterColumnType"],
  ["AT_AddColumn"],
  ["AT_SetExpression"],
  ["AT_SetNotNull", "AT_SetStatistics", "AT_SetStorage", "AT_SetCompression", "AT_SetIdentity", "AT_AddIdentity"],
  ["AT_AddConstraint", "AT_ColumnDefault"],
];

function inOrder(commands: readonly AlterTableCmd[]): readonly AlterTableCmd[] {
  const ranked = commands.map((command) => ({ command, rank: rankOf(command) }));
  return ranked.sort((a, b) => a.rank - b.rank).map(({ command }) => command);
}

const last = passes.length + 3;

function rankOf({ subtype = "AT_AddColumn", def }: AlterTableCmd): number {
  if (subtype === "AT_AddConstraint" && def !== undefined && "Constraint" in def)
    return passes.length + rankOfConstraint(def.Constraint);
  // A default is dropped before types change, and set after columns are added.
  if (subtype === "AT_ColumnDefault" && def === undefined) return 0;
  const rank = passes.findIndex((pass) => pass.includes(subtype));
  return rank === -1 ? last : rank;
}

/** Checks, then keys, then foreign keys, which may need the keys. */
function rankOfConstraint({ contype }: Constraint): number {
  if (contype === "CONSTR_FOREIGN") return 2;
  return contype === "CONSTR_CHECK" || contype === "CONSTR_NOTNULL" ? 0 : 1;
}

function apply(plan: Plan, relation: Relation, command: AlterTableCmd, recurse: boolean): void {
  const { name = "" } = command;
  if (relation.kind === "composite type") {
    changeComposite(plan, relation, command);
    return;
  }
  switch (command.subtype ?? "AT_AddColumn") {
    case "AT_AddColumn":
      return addColumn(plan, relation, command, recurse);
    case "AT_DropColumn":
      return dropColumn(plan, relation, command, recurse);
    case "AT_AlterColumnType":
      return changeType(plan, relation, command, recurse);
    case "AT_ColumnDefault":
      return changeDefault(plan, relation, command, recurse);
    case "AT_SetNotNull":
      return setNotNull(plan, relation, name, recurse);
    case "AT_DropNotNull":
      return dropNotNull(plan, relation, name, recurse);
    case "AT_SetExpression":
      return setExpression(plan, relation, name);
    case "AT_DropExpression":
      return dropExpression(plan, relation, command, recurse);
    case "AT_AddIdentity":
      return addIdentity(plan, relation, name, recurse);
    case "AT_SetIdentity":
    case "AT_DropIdentity":
      return changeIdentity(plan, relation, command, recurse);
    case "AT_SetStorage":
      return setStorage(plan, relation, command, recurse);
    case "AT_SetStatistics":
      if (relation.index === undefined) columnOf(plan, changeOf(plan, relation), name);
      if (recurse) lockDescendants(plan, relation);
      return;
    case "AT_SetOptions":
    case "AT_ResetOptions":
    case "AT_SetCompression":
    case "AT_AlterColumnGenericOptions":
      columnOf(plan, changeOf(plan, relation), name);
      return;
    case "AT_AddConstraint":
      return addConstraint(plan, relation, command, recurse);
    case "AT_AlterConstraint":
      return alterConstraint(plan, relation, command, recurse);
    case "AT_ValidateConstraint":
      return validateConstraint(plan, relation, name, recurse);
    case "AT_DropConstraint":
      return dropConstraint(plan, relation, command);
    default:
      return applyToRelation(plan, relation, command, recurse);
  }
}

function addConstraint(
  plan: Plan,
  relation: Relation,
  { def }: AlterTableCmd,
  recurse: boolean,
): void {
  if (def === undefined || !("Constraint" in def)) return;
  const constraint = def.Constraint;
  switch (constraint.contype) {
    case "CONSTR_CHECK":
      return addCheck(plan, relation, constraint, recurse);
    case "CONSTR_NOTNULL":
      return addNotNull(plan, relation, constraint, recurse);
    case "CONSTR_FOREIGN":
      return addForeignKey(plan, relation, constraint, recurse, true);
    default:
      return addKey(plan, relation, constraint, recurse);
  }
}

/** Subcommands that are about the relation as a whole. */
function applyToRelation(
  plan: Plan,
  relation: Relation,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  const { name = "" } = command;
  switch (command.subtype) {
    case "AT_SetLogged":
      return changePersistence(plan, relation, false);
    case "AT_SetUnLogged":
      return changePersistence(plan, relation, true);
    case "AT_SetTableSpace":
      return setTablespace(plan, relation, name);
    case "AT_SetAccessMethod":
      return setAccessMethod(plan, relation, command.name);
    case "AT_SetRelOptions":
    case "AT_ResetRelOptions":
      return changeOptions(plan, relation, command);
    case "AT_EnableTrig":
    case "AT_EnableAlwaysTrig":
    case "AT_EnableReplicaTrig":
    case "AT_DisableTrig":
      return switchTrigger(plan, relation, name, recurse);
    case "AT_EnableTrigAll":
    case "AT_EnableTrigUser":
    case "AT_DisableTrigAll":
    case "AT_DisableTrigUser":
      return switchTrigger(plan, relation, undefined, recurse);
    case "AT_EnableRule":
    case "AT_EnableAlwaysRule":
    case "AT_EnableReplicaRule":
    case "AT_DisableRule":
      return switchRule(plan, relation, name);
    case "AT_ClusterOn":
      return clusterOn(plan, relation, name);
    case "AT_ReplicaIdentity":
      return replicaIdentity(plan, relation, command);
    case "AT_AddInherit":
      return addInherit(plan, relation, command);
    case "AT_DropInherit":
      return dropInherit(plan, relation, command);
    case "AT_AddOf":
      return addOf(plan, relation, command);
    case "AT_ChangeOwner":
      return changeOwner(plan, relation, command.newowner);
    case "AT_AttachPartition":
      return relation.index === undefined
        ? attachPartition(plan, relation, command)
        : attachIndexPartition(plan, relation, command);
    case "AT_DetachPartition":
      return detachPartition(plan, relation, command);
    default:
  }
}
