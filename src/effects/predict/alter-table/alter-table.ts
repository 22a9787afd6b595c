import type { AlterTableCmd, AlterTableStmt } from "@pgsql/types";
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
  needColumn,
  setExpression,
  setStatistics,
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
import {
  attachIndexPartition,
  attachPartition,
  detachPartition,
  finalizeDetach,
} from "./partitions.ts";
import { inPasses, rankOf, rankOfConstraint } from "./passes.ts";
import { refuseKind, refuseObjectType } from "./permitted.ts";
import { descendantsOf, startDraft, startPlan, type Plan } from "./plan.ts";
import {
  changeOptions,
  changePersistence,
  clusterOn,
  dropCluster,
  replicaIdentity,
  setAccessMethod,
  setTablespace,
  switchRule,
  switchTrigger,
  switchTriggers,
} from "./relation-attributes.ts";
import { changeTypedTables, refuseTyped } from "./typed-table.ts";
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
  const ordered = inPasses(commands, (each) => each);
  const lastRetyping = ordered.findLastIndex(({ subtype }) => subtype === "AT_AlterColumnType");
  for (const [at, command] of ordered.entries()) {
    addLater(plan, rankOf(command));
    if (!plan.draft.fails) apply(plan, relation, command, statement.relation?.inh === true);
    // Before the next pass: columns that are added have no part in what is checked again (tablecmds.c, ATPostAlterTypeCleanup).
    if (!plan.draft.fails && at === lastRetyping) recheckForeignKeys(plan);
  }
  addLater(plan, Infinity);
  if (!plan.draft.fails && statement.relation?.inh === true)
    refuseLostBelow(plan, relation, commands);
  if (!plan.draft.fails) finish(plan);
  return plan.draft.effect();
}

/** Adds the constraints of new columns up to a rank; they come before those that are subcommands of their own. */
function addLater({ draft, later }: Plan, rank: number): void {
  const due = later
    .filter(({ constraint }) => rankOfConstraint(constraint) <= rank)
    .toSorted((a, b) => rankOfConstraint(a.constraint) - rankOfConstraint(b.constraint));
  for (const one of due) {
    if (!draft.fails) one.add();
    later.splice(later.indexOf(one), 1);
  }
}

/**
 * DROP DEFAULT, and until 17 DROP NOT NULL, come to descendants after all of the pass was done to the table itself: a column
 * that the table drops as well is gone there by then (tablecmds.c, ATRewriteCatalogs).
 */
function refuseLostBelow(plan: Plan, relation: Relation, commands: readonly AlterTableCmd[]): void {
  for (const { subtype, name = "", def } of commands) {
    const isDefault = subtype === "AT_ColumnDefault" && def === undefined;
    if (!isDefault && !(subtype === "AT_DropNotNull" && plan.major < 18)) continue;
    const loser = descendantsOf(plan.world, relation).find(
      ({ id, columns }) =>
        columns.some((column) => column.name === name) &&
        plan.tables.get(id)?.columns.every((column) => column.name !== name) === true,
    );
    if (loser !== undefined)
      plan.draft.missing(`column "${name}" of relation "${loser.name}"`, "42703");
  }
}

function findTarget(plan: Plan, statement: AlterTableStmt): Relation | undefined {
  if (statement.missing_ok !== true) return target(plan.draft, statement.relation);
  const name = rangeName(statement.relation);
  const relation = plan.draft.find(name);
  if (relation === undefined && !plan.draft.knowsAll && !isSystemName(name))
    plan.draft.unknown(`relation "${name.name}" is not known: it may be there or not`);
  return relation;
}

type Step = (plan: Plan, relation: Relation, command: AlterTableCmd, recurse: boolean) => void;

/** Subcommands by kind; those that are not listed only change the catalog of the relation itself. */
const steps: Partial<Record<NonNullable<AlterTableCmd["subtype"]>, Step>> = {
  AT_AddColumn: addColumn,
  AT_DropColumn: dropColumn,
  AT_AlterColumnType: changeType,
  AT_ColumnDefault: changeDefault,
  AT_SetNotNull: (plan, relation, { name = "" }, recurse) =>
    setNotNull(plan, relation, name, recurse),
  AT_DropNotNull: (plan, relation, { name = "" }, recurse) =>
    dropNotNull(plan, relation, name, recurse),
  AT_SetExpression: (plan, relation, { name = "" }) => setExpression(plan, relation, name),
  AT_DropExpression: dropExpression,
  AT_AddIdentity: (plan, relation, { name = "" }, recurse) =>
    addIdentity(plan, relation, name, recurse),
  AT_SetIdentity: changeIdentity,
  AT_DropIdentity: changeIdentity,
  AT_SetStorage: setStorage,
  AT_SetStatistics: setStatistics,
  AT_SetOptions: needColumn,
  AT_ResetOptions: needColumn,
  AT_SetCompression: needColumn,
  AT_AlterColumnGenericOptions: needColumn,
  AT_AddConstraint: addConstraint,
  AT_AlterConstraint: alterConstraint,
  AT_ValidateConstraint: (plan, relation, { name = "" }, recurse) =>
    validateConstraint(plan, relation, name, recurse),
  AT_DropConstraint: dropConstraint,
  AT_SetLogged: (plan, relation) => changePersistence(plan, relation, false),
  AT_SetUnLogged: (plan, relation) => changePersistence(plan, relation, true),
  AT_SetTableSpace: (plan, relation, { name = "" }) => setTablespace(plan, relation, name),
  AT_SetAccessMethod: (plan, relation, { name }) => setAccessMethod(plan, relation, name),
  AT_SetRelOptions: changeOptions,
  AT_ResetRelOptions: changeOptions,
  AT_EnableTrig: switchTrigger,
  AT_EnableAlwaysTrig: switchTrigger,
  AT_EnableReplicaTrig: switchTrigger,
  AT_DisableTrig: switchTrigger,
  AT_EnableTrigAll: switchTriggers,
  AT_EnableTrigUser: switchTriggers,
  AT_DisableTrigAll: switchTriggers,
  AT_DisableTrigUser: switchTriggers,
  AT_EnableRule: switchRule,
  AT_EnableAlwaysRule: switchRule,
  AT_EnableReplicaRule: switchRule,
  AT_DisableRule: switchRule,
  AT_ClusterOn: clusterOn,
  AT_DropCluster: dropCluster,
  AT_ReplicaIdentity: replicaIdentity,
  AT_AddInherit: addInherit,
  AT_DropInherit: dropInherit,
  AT_AddOf: addOf,
  AT_ChangeOwner: (plan, relation, { newowner }) => changeOwner(plan, relation, newowner),
  AT_AttachPartition: (plan, relation, command) =>
    relation.index === undefined
      ? attachPartition(plan, relation, command)
      : attachIndexPartition(plan, relation, command),
  AT_DetachPartition: detachPartition,
  AT_DetachPartitionFinalize: finalizeDetach,
};

function apply(plan: Plan, relation: Relation, command: AlterTableCmd, recurse: boolean): void {
  const step = steps[command.subtype ?? "AT_AddColumn"];
  if (relation.kind === "composite type") {
    changeComposite(plan, relation, command);
    changeTypedTables(plan, relation, command, (table) => step?.(plan, table, command, true));
  } else if (!refuseTyped(plan, relation, command)) step?.(plan, relation, command, recurse);
}

function addConstraint(
  plan: Plan,
  relation: Relation,
  { def }: AlterTableCmd,
  recurse: boolean,
): void {
  if (def === undefined || !("Constraint" in def)) return;
  const { Constraint: constraint } = def;
  const { contype } = constraint;
  if (contype === "CONSTR_CHECK") addCheck(plan, relation, constraint, recurse);
  else if (contype === "CONSTR_NOTNULL") addNotNull(plan, relation, constraint, recurse);
  else if (contype === "CONSTR_FOREIGN") addForeignKey(plan, relation, constraint, recurse, true);
  else addKey(plan, relation, constraint, recurse);
}
