import type { Node, PartitionCmd } from "@pgsql/types";
import { byId, indexesOf, partitionsOf } from "../lookup.ts";
import { leavesBoundBehind } from "../proofs/bound-proof.ts";
import type { ObjectId, Relation, World } from "../model.ts";
import { addCheck } from "./constraints.ts";
import { change, doubt, target, type FoldContext } from "./context.ts";
import { inheritForeignKey } from "./foreign-keys.ts";
import { attachIndex, definitionOf, indexPartition } from "./indexes.ts";
import { disinherit, inheritFrom } from "./inheritance.ts";
import { inheritKey } from "./keys.ts";

/** Gives a new or attached partition what its parent has: indexes, keys, foreign keys, triggers. */
export function inheritIndexesAndKeys(
  context: FoldContext,
  parentId: ObjectId,
  partitionId: ObjectId,
): void {
  const { world } = context;
  const parent = byId(world, parentId);
  if (parent === undefined) return;
  for (const index of indexesOf(world, parentId)) {
    const partition = byId(world, partitionId)!;
    const definition = definitionOf(index);
    if (index.index?.constraint !== undefined) inheritKey(context, index, partition);
    else if (definition !== undefined)
      indexPartition(context, index, partition, definition, { label: "idx" });
  }
  for (const constraint of parent.constraints) {
    if (constraint.kind !== "foreign-key") continue;
    inheritForeignKey(context, constraint, byId(world, partitionId)!);
  }
  inheritTriggers(context, parent, partitionId);
}

/** Row triggers of a partitioned table are triggers of its partitions (CloneRowTriggersToPartition). */
function inheritTriggers({ world }: FoldContext, parent: Relation, partitionId: ObjectId): void {
  const partition = byId(world, partitionId)!;
  const names = new Set(partition.triggers.map(({ name }) => name));
  const cloned = parent.triggers
    .filter(({ name, forEachRow }) => forEachRow && !names.has(name))
    .map((trigger) => ({ ...trigger, inherited: true }));
  if (cloned.length > 0)
    change(world, partitionId, { triggers: [...partition.triggers, ...cloned] });
}

export function attachPartition(
  context: FoldContext,
  parent: Relation,
  command: PartitionCmd,
): void {
  const { world } = context;
  const partition = target(context, command.name);
  if (partition === undefined) return;
  if (parent.kind === "partitioned index") {
    attachIndex(context, parent.id, partition.id);
    return;
  }
  change(world, partition.id, {
    partitionOf: {
      parent: parent.id,
      isDefault: command.bound?.is_default ?? false,
      bound: command.bound === undefined ? undefined : { PartitionBoundSpec: command.bound },
    },
  });
  if (world.major >= 17)
    for (const column of parent.columns) adoptIdentity(context, partition.id, column);
  inheritFrom(context, parent, partition.id, true);
  inheritIndexesAndKeys(context, parent.id, partition.id);
}

function adoptIdentity(
  { world }: FoldContext,
  id: ObjectId,
  { name, identity }: Relation["columns"][number],
): void {
  const partition = byId(world, id)!;
  if (identity === undefined) return;
  change(world, id, {
    columns: partition.columns.map((column) =>
      column.name === name ? { ...column, identity } : column,
    ),
  });
}

/**
 * CONCURRENTLY leaves the partition's bound behind as a CHECK (tablecmds.c, DetachAddConstraintIfNeeded). Of its
 * expression only what proofs rest on is kept: that the key columns are not null, where the bound says so.
 */
function keepBoundAsCheck(context: FoldContext, parent: Relation, id: ObjectId): void {
  const { partitioning } = parent;
  if (partitioning === undefined) return;
  const columns = partitioning.columns.map((name): Node => ({
    ColumnRef: { fields: [{ String: { sval: name } }] },
  }));
  const [first] = columns;
  const own: Node =
    partitioning.strategy === "range" && first !== undefined && columns.length === 1
      ? { NullTest: { arg: first, nulltesttype: "IS_NOT_NULL" } }
      : { RowExpr: { args: [...columns, ...partitioning.expressions] } };
  // The bounds of what the parent is a partition of hold too.
  const above = keysAbove(context.world, parent);
  const raw: Node =
    above.length === 0
      ? own
      : { BoolExpr: { boolop: "AND_EXPR", args: [own, { RowExpr: { args: [...above] } }] } };
  addCheck(
    context,
    id,
    { contype: "CONSTR_CHECK", raw_expr: raw, is_enforced: true },
    { recurse: true, fresh: true },
  );
}

function keysAbove(world: World, { partitionOf }: Relation): readonly Node[] {
  const above = partitionOf && byId(world, partitionOf.parent);
  if (above?.partitioning === undefined) return [];
  const { columns, expressions } = above.partitioning;
  const own = columns.map((name): Node => ({
    ColumnRef: { fields: [{ String: { sval: name } }] },
  }));
  return [...own, ...expressions, ...keysAbove(world, above)];
}

/** DETACH PARTITION: indexes and foreign keys stay, now the table's own; cloned triggers go. */
export function detachPartition(
  context: FoldContext,
  parent: Relation,
  command: PartitionCmd,
): void {
  const { world } = context;
  const partition = target(context, command.name);
  if (partition?.partitionOf?.parent !== parent.id) return;
  for (const constraint of partition.constraints)
    if (
      world.major < 15 &&
      constraint.kind === "foreign-key" &&
      byId(world, constraint.references.table)?.kind === "partitioned table"
    )
      doubt(
        context,
        `whether ${partition.name} keeps its foreign key ${constraint.name} is not known`,
      );
  const isLeft = command.concurrent === true && leavesBoundBehind(world, partition);
  disinherit(context, parent.id, partition.id);
  if (isLeft) keepBoundAsCheck(context, parent, partition.id);
  const cloned = parent.triggers.filter(({ forEachRow }) => forEachRow).map(({ name }) => name);
  if (cloned.length > 0) dropClones(world, partition.id, new Set(cloned));
  const detached = byId(world, partition.id)!;
  change(world, partition.id, {
    columns: detached.columns.map((column) =>
      world.major >= 17 ? { ...column, identity: undefined } : column,
    ),
  });
}

/** Triggers that came from above, on a former partition and on partitions of it (tablecmds.c, DropClonedTriggersFromPartition). */
function dropClones(world: World, id: ObjectId, names: ReadonlySet<string>): void {
  const relation = byId(world, id);
  if (relation === undefined) return;
  change(world, id, { triggers: relation.triggers.filter(({ name }) => !names.has(name)) });
  for (const partition of partitionsOf(world, id)) dropClones(world, partition.id, names);
}
