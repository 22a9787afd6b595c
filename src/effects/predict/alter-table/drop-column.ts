import type { AlterTableCmd } from "@pgsql/types";
import type { Relation } from "../../world/index.ts";
import { byId, childrenOf, foreignKeysTo, sequencesOf } from "../../world/index.ts";
import { concerns } from "../../world/fold/drop-object.ts";
import {
  defaultsUsing,
  dropViews,
  generatedFrom,
  holdersUsing,
  indexesUsing,
  viewsUsing,
} from "./dependents.ts";
import { dropForeignKey, dropIndex, dropReferences, refuseDependent } from "./drop-constraint.ts";
import {
  changeOf,
  descendantsOf,
  refuse,
  roleOfChild,
  type Plan,
  type TableChange,
} from "./plan.ts";

/** DROP COLUMN (tablecmds.c, ATExecDropColumn). */
export function dropColumn(
  plan: Plan,
  relation: Relation,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  const { name = "" } = command;
  const change = changeOf(plan, relation);
  const column = change.columns.find((candidate) => candidate.name === name);
  if (column === undefined) {
    if (command.missing_ok !== true)
      plan.draft.missing(`column "${name}" of relation "${relation.name}"`, "42703");
    return;
  }
  if (column.inherited) {
    refuse(plan, "42P16", `cannot drop inherited column "${name}"`);
    return;
  }
  const children = descendantsOf(plan.world, relation);
  if (children.length > 0 && relation.kind === "partitioned table" && !recurse) {
    refuse(
      plan,
      "42P16",
      "cannot drop column from only the partitioned table when partitions exist",
    );
    return;
  }
  dropFrom(plan, change, name, command.behavior === "DROP_CASCADE", recurse);
}

function dropFrom(
  plan: Plan,
  change: TableChange,
  name: string,
  cascade: boolean,
  recurse: boolean,
): void {
  const { relation } = change;
  if (relation.partitioning?.columns.includes(name)) {
    refuse(
      plan,
      "42P16",
      `cannot drop column "${name}" because it is part of the partition key of relation "${relation.name}"`,
    );
    return;
  }
  // Direct children are looked up, and locked, with ONLY too: the column becomes their own.
  for (const child of childrenOf(plan.world, relation.id)) {
    plan.draft.lock(child, plan.mode, roleOfChild(child));
    const entry = changeOf(plan, child);
    const inherited = entry.columns.find((column) => column.name === name);
    const parents = child.inherits.filter((id) =>
      byId(plan.world, id)?.columns.some((column) => column.name === name),
    );
    if (recurse && inherited !== undefined && !inherited.local && parents.length <= 1)
      dropFrom(plan, entry, name, cascade, true);
  }
  dropDependents(plan, change, name, cascade);
  change.columns = change.columns.filter((column) => column.name !== name);
}

/** What goes along with a column by itself, and what is in the way without CASCADE. */
function dropDependents(plan: Plan, change: TableChange, name: string, cascade: boolean): void {
  const { draft, world } = plan;
  const { relation } = change;
  const what = `column ${name} of table ${relation.name}`;
  const views = viewsUsing(plan, relation, name);
  const generated = generatedFrom(change, name);
  // Before 15 generated columns went along (tablecmds.c, dependency of generated columns).
  const holders = holdersUsing(plan, relation, name);
  const isPublished = relation.publications.some(({ columns, filter }) =>
    [...(columns ?? []), ...(filter ?? [])].includes(name),
  );
  if (!cascade && (holders.length > 0 || isPublished)) refuseDependent(plan, what);
  if (!cascade && (views.length > 0 || (generated.length > 0 && plan.major >= 15)))
    refuseDependent(plan, what);
  if (!cascade && isReferenced(plan, relation, name)) refuseDependent(plan, what);
  if (draft.fails) return;
  dropViews(plan, views);
  for (const holder of holders) draft.lock(holder, "AccessExclusive", "dependent");
  for (const other of generated) {
    dropDependents(plan, change, other.name, cascade);
    change.columns = change.columns.filter((column) => column.name !== other.name);
  }
  for (const index of indexesUsing(plan, change, name)) dropIndex(plan, index);
  for (const constraint of change.constraints)
    if (constraint.kind === "foreign-key" && constraint.columns.includes(name))
      dropForeignKey(plan, relation, constraint);
  change.constraints = change.constraints.filter((constraint) => !concerns(constraint, name));
  for (const child of foreignKeysTo(world, relation.id))
    if (referencesColumn(child, relation, name)) {
      draft.lock(child, "AccessExclusive", "foreign-key-child");
      dropReferences(plan, child, relation, [name]);
    }
  dropSequences(plan, relation, name, cascade, what);
}

function referencesColumn(child: Relation, relation: Relation, name: string): boolean {
  return child.constraints.some(
    (constraint) =>
      constraint.kind === "foreign-key" &&
      constraint.references.table === relation.id &&
      constraint.references.columns.includes(name),
  );
}

/** A foreign key of another table, or of another column, needs the column. */
function isReferenced({ world }: Plan, relation: Relation, name: string): boolean {
  return foreignKeysTo(world, relation.id).some((child) => referencesColumn(child, relation, name));
}

function dropSequences(
  plan: Plan,
  relation: Relation,
  name: string,
  cascade: boolean,
  what: string,
): void {
  for (const sequence of sequencesOf(plan.world, relation.id)) {
    if (sequence.ownedBy?.column !== name) continue;
    // Partitions and children lose the column as well.
    const users = defaultsUsing(plan, sequence).filter(
      (user) => plan.tables.get(user.id)?.columns.some((own) => own.name === name) !== false,
    );
    if (users.length > 0 && !cascade) {
      refuseDependent(plan, what);
      return;
    }
    plan.draft.lock(sequence, "AccessExclusive", "sequence");
    for (const user of users) plan.draft.lock(user, "AccessExclusive", "other");
  }
}
