import { byId, indexesOf } from "../lookup.ts";
import type { ObjectId, Relation, WorldConstraint } from "../model.ts";
import { hasOtherSource, isCopyOf } from "../inherited.ts";
import { updateConstraint } from "./constraints.ts";
import { change, type FoldContext } from "./context.ts";

/** Marks what a table shares with the parent that it is attached to: NOT NULL and CHECK constraints, columns. */
export function inheritFrom(
  context: FoldContext,
  parent: Relation,
  childId: ObjectId,
  asPartition: boolean,
): void {
  const { world } = context;
  const child = byId(world, childId);
  if (child === undefined) return;
  const shared = new Set(parent.columns.map((column) => column.name));
  change(world, childId, {
    columns: child.columns.map((column) =>
      shared.has(column.name)
        ? { ...column, inherited: true, local: asPartition ? false : column.local }
        : column,
    ),
  });
  for (const constraint of parent.constraints) {
    if (constraint.noInherit || (constraint.kind !== "check" && constraint.kind !== "not-null"))
      continue;
    const own = child.constraints.find((candidate) =>
      constraint.kind === "check"
        ? candidate.kind === "check" && candidate.name === constraint.name
        : candidate.kind === "not-null" && candidate.column === constraint.column,
    );
    if (own !== undefined)
      updateConstraint(context, childId, own.name, {
        inherited: true,
        local: asPartition ? false : own.local,
      });
  }
}

/** Ends inheritance from `parentId`: what no other parent gives becomes the child's own. */
export function disinherit(context: FoldContext, parentId: ObjectId, childId: ObjectId): void {
  const { world } = context;
  const child = byId(world, childId);
  if (child === undefined) return;
  const others = child.inherits.filter((id) => id !== parentId);
  const stillInherited = (column: string) =>
    others.some((id) => byId(world, id)?.columns.some(({ name }) => name === column));
  const constraintsOf = (id: ObjectId) => byId(world, id)?.constraints ?? [];
  // One that went from the parent with ONLY its column stays as it is: the parent has none of its name to look for.
  const isShared = (constraint: WorldConstraint) =>
    (constraint.kind !== "check" && constraint.kind !== "not-null") ||
    constraintsOf(parentId).some((other) => isCopyOf(constraint, other));
  change(world, childId, {
    inherits: others,
    partitionOf: child.partitionOf?.parent === parentId ? undefined : child.partitionOf,
    columns: child.columns.map((column) =>
      column.inherited && !stillInherited(column.name)
        ? { ...column, inherited: false, local: true }
        : column,
    ),
    constraints: child.constraints.map((constraint) =>
      constraint.inherited &&
      isShared(constraint) &&
      !hasOtherSource(child, constraint, parentId, constraintsOf)
        ? { ...constraint, inherited: false, local: true }
        : constraint,
    ),
  });
  for (const index of indexesOf(world, childId))
    if (index.index?.partOf !== undefined)
      change(world, index.id, { index: { ...index.index, partOf: undefined } });
}
