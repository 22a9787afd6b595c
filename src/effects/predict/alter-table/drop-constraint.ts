import type { AlterTableCmd } from "@pgsql/types";
import type { Relation, WorldConstraint } from "../../world/index.ts";
import { byId, foreignKeysTo, indexPartsOf, viewsOf } from "../../world/index.ts";
import { dropFromChildren } from "./inherited-constraints.ts";
import { dropViews, parentOf } from "./dependents.ts";
import { groupsByKey } from "../../world/functional-dependency.ts";
import { lockPartitions, type ForeignKey } from "./foreign-keys.ts";
import {
  changeOf,
  descendantsOf,
  lockDescendants,
  refuse,
  roleOfChild,
  type Plan,
} from "./plan.ts";

/** DROP CONSTRAINT (tablecmds.c, ATExecDropConstraint). */
export function dropConstraint(
  plan: Plan,
  relation: Relation,
  command: AlterTableCmd,
  recurse: boolean,
): void {
  const { name = "", missing_ok: missingOk } = command;
  // Whether a partition is in use is asked at once, whatever the constraint (ATCheckPartitionsNotInUse).
  if (relation.kind === "partitioned table") lockDescendants(plan, relation);
  const change = changeOf(plan, relation);
  const constraint = change.constraints.find((candidate) => candidate.name === name);
  if (constraint === undefined) {
    if (missingOk !== true)
      plan.draft.missing(`constraint "${name}" of relation "${relation.name}"`, "42704");
    return;
  }
  if (constraint.inherited) {
    refuse(
      plan,
      "42P16",
      `cannot drop inherited constraint "${name}" of relation "${relation.name}"`,
    );
    return;
  }
  const hasParts = descendantsOf(plan.world, relation).length > 0;
  if (
    plan.major < 18 &&
    !recurse &&
    constraint.kind === "check" &&
    !constraint.noInherit &&
    hasParts &&
    relation.kind === "partitioned table"
  )
    refuse(
      plan,
      "42P16",
      "cannot remove constraint from only the partitioned table when partitions exist",
    );
  change.constraints = change.constraints.filter((other) => other !== constraint);
  switch (constraint.kind) {
    case "foreign-key": {
      // The subcommand opens the referenced table itself, which a dropped column does not.
      const parent = parentOf(plan, constraint);
      if (parent !== undefined && parent.id !== relation.id)
        plan.draft.lock(parent, "AccessExclusive", "foreign-key-parent");
      dropForeignKey(plan, relation, constraint);
      break;
    }
    case "check":
      dropFromChildren(plan, relation, constraint, recurse);
      break;
    case "not-null":
      change.columns = change.columns.map((column) =>
        column.name === constraint.column ? { ...column, notNull: false } : column,
      );
      if (
        change.constraints.some(
          (other) => other.kind === "primary-key" && other.columns.includes(constraint.column),
        )
      )
        refuse(plan, "42P16", `column "${constraint.column}" is in a primary key`);
      dropFromChildren(plan, relation, constraint, recurse);
      break;
    case "primary-key":
    case "unique":
    case "exclusion":
      dropKey(plan, relation, constraint, command.behavior === "DROP_CASCADE");
      break;
    default:
  }
}

/** The triggers on both sides go, for which both tables are locked. */
export function dropForeignKey(plan: Plan, relation: Relation, constraint: ForeignKey): void {
  const { draft, world } = plan;
  const parent = parentOf(plan, constraint);
  if (parent === undefined)
    draft.unknown(`the table referenced by "${constraint.name}" is not known: it is locked too`);
  else if (parent.id !== relation.id) {
    // Until 14 only the partitions at the bottom have triggers of the key.
    if (parent.kind !== "partitioned table" || plan.major >= 15)
      draft.lock(parent, "AccessExclusive", "foreign-key-parent");
    lockPartitions(plan, parent, "AccessExclusive");
  }
  if (relation.kind !== "partitioned table") return;
  for (const partition of descendantsOf(world, relation))
    draft.lock(partition, "AccessExclusive", roleOfChild(partition));
}

type Key = Extract<WorldConstraint, { kind: "primary-key" | "unique" | "exclusion" }>;

/** The key's index goes, with its parts in partitions and, with CASCADE, the foreign keys that need it. */
export function dropKey(plan: Plan, relation: Relation, key: Key, cascade: boolean): void {
  const { world, draft } = plan;
  const index = byId(world, key.index);
  if (index !== undefined) dropIndex(plan, index);
  for (const child of foreignKeysTo(world, relation.id)) {
    const dependent = child.constraints.some(
      (constraint) =>
        constraint.kind === "foreign-key" &&
        !constraint.inherited &&
        constraint.references.table === relation.id &&
        sameColumns(constraint.references.columns, key.columns),
    );
    const isGone = changeOf(plan, child).constraints.every(
      (constraint) =>
        constraint.kind !== "foreign-key" || constraint.references.table !== relation.id,
    );
    if (!dependent || isGone) continue;
    if (!cascade) {
      refuseDependent(plan, `constraint ${key.name} on table ${relation.name}`);
      return;
    }
    dropReferences(plan, child, relation, key.columns);
    draft.lock(child, "AccessExclusive", "foreign-key-child");
    for (const partition of descendantsOf(world, child))
      if (child.kind === "partitioned table") draft.lock(partition, "AccessExclusive", "partition");
  }
  if (key.kind !== "primary-key") return;
  const views = viewsOf(world, relation.id).filter((view) =>
    groupsByKey(view, relation, key.columns),
  );
  if (views.length === 0) return;
  if (cascade) dropViews(plan, views);
  else refuseDependent(plan, `constraint ${key.name} on table ${relation.name}`);
}

/** Foreign keys to these columns go. */
export function dropReferences(
  plan: Plan,
  child: Relation,
  parent: Relation,
  columns: readonly string[],
): void {
  const change = changeOf(plan, child);
  change.constraints = change.constraints.filter(
    (constraint) =>
      constraint.kind !== "foreign-key" ||
      constraint.references.table !== parent.id ||
      !constraint.references.columns.some((column) => columns.includes(column)),
  );
}

export function refuseDependent(plan: Plan, what: string): void {
  refuse(plan, "2BP01", `cannot drop ${what} because other objects depend on it`);
}

function sameColumns(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((column) => b.includes(column));
}

/** An index goes; one of a partitioned table with its parts, for which their tables are locked. */
export function dropIndex(plan: Plan, index: Relation): void {
  const { world, draft } = plan;
  draft.lock(index, "AccessExclusive", "index");
  const table = byId(world, index.index?.table ?? 0);
  if (table !== undefined) changeOf(plan, table).dropped.add(index.id);
  for (const part of indexPartsOf(world, index.id)) {
    const partition = byId(world, part.index?.table ?? 0);
    if (partition !== undefined) draft.lock(partition, "AccessExclusive", roleOfChild(partition));
    dropIndex(plan, part);
  }
}
