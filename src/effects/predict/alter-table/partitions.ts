import type { AlterTableCmd, PartitionBoundSpec } from "@pgsql/types";
import { qualifiedName } from "../../../sql/index.ts";
import type { Relation } from "../../world/index.ts";
import { byId, foreignKeysTo, indexesOf, indexPartsOf, partitionsOf } from "../../world/index.ts";
import { joinColumnNames } from "../../world/fold/object-names.ts";
import { definitionOf, distinct, sameIndex } from "../../world/fold/indexes.ts";
import { refuseBoundValues } from "../bound-values.ts";
import { target } from "../names.ts";
import {
  leavesBoundBehind,
  provesBound,
  provesBoundsOf,
  provesOutside,
} from "../../world/proofs/bound-proof.ts";
import { misfit, overlaps } from "../../world/proofs/bounds.ts";
import { parentOf } from "./dependents.ts";
import { givenKey, lockPartitions, queueCheck } from "./foreign-keys.ts";
import { refuseDifferentShape } from "./inherit.ts";
import { chooseName } from "./keys.ts";
import { changeOf, descendantsOf, hasRows, leavesOf, mayFail, refuse, type Plan } from "./plan.ts";

/** ATTACH PARTITION of a table (tablecmds.c, ATExecAttachPartition). */
export function attachPartition(plan: Plan, relation: Relation, { def }: AlterTableCmd): void {
  if (def === undefined || !("PartitionCmd" in def)) return;
  const { draft } = plan;
  if (relation.partitioning === undefined) {
    const state = plan.major >= 18 ? "42809" : "42P17";
    refuse(plan, state, `table "${relation.name}" is not partitioned`);
    return;
  }
  const table = target(draft, def.PartitionCmd.name);
  const { bound } = def.PartitionCmd;
  if (table === undefined || bound === undefined) return;
  draft.lock(table, "AccessExclusive", "partition");
  for (const below of descendantsOf(plan.world, table))
    draft.lock(below, "AccessExclusive", "partition");
  if (table.partitionOf !== undefined) {
    refuse(plan, "42809", `"${table.name}" is already a partition`);
    return;
  }
  if (table.inherits.length > 0) {
    refuse(plan, "42809", "cannot attach inheritance child as partition");
    return;
  }
  const problem = misfit(relation.partitioning.strategy, bound);
  if (problem !== undefined) refuse(plan, "42P16", problem);
  if (
    relation.id === table.id ||
    descendantsOf(plan.world, table).some(({ id }) => id === relation.id)
  )
    refuse(plan, "42P07", "circular inheritance not allowed");
  refuseOwnIdentity(plan, table);
  if (!draft.fails) refuseDifferentShape(plan, relation, table, "partition");
  refuseOverlap(plan, relation, table, bound);
  if (draft.fails) return;
  verifyBound(plan, relation, table, bound);
  attachIndexes(plan, relation, table);
  attachForeignKeys(plan, relation, table);
}

/** Since 17 partitions share the identity columns of the partitioned table, and bring none of their own. */
function refuseOwnIdentity(plan: Plan, { name, columns }: Relation): void {
  const column = columns.find(({ identity }) => identity !== undefined);
  if (column !== undefined && plan.major >= 17)
    refuse(
      plan,
      "55000",
      `table "${name}" being attached contains an identity column "${column.name}"`,
    );
}

function defaultOf(plan: Plan, relation: Relation): Relation | undefined {
  return partitionsOf(plan.world, relation.id).find(({ partitionOf }) => partitionOf?.isDefault);
}

/** The bound must be free: this is told for single-column keys of plain constants only. */
function refuseOverlap(
  plan: Plan,
  relation: Relation,
  table: Relation,
  bound: PartitionBoundSpec,
): void {
  const partitioning = relation.partitioning!;
  refuseBoundValues(plan.draft, relation, bound);
  if (bound.is_default === true) {
    const other = defaultOf(plan, relation);
    if (other !== undefined)
      refuse(
        plan,
        "42P17",
        `partition "${table.name}" conflicts with existing default partition "${other.name}"`,
      );
    return;
  }
  for (const other of partitionsOf(plan.world, relation.id)) {
    const theirs = boundOf(other);
    if (theirs !== undefined && overlaps(partitioning.strategy, bound, theirs)) {
      refuse(plan, "42P17", `partition "${table.name}" would overlap partition "${other.name}"`);
      return;
    }
  }
}

function boundOf({ partitionOf }: Relation): PartitionBoundSpec | undefined {
  const node = partitionOf?.bound;
  return node !== undefined && "PartitionBoundSpec" in node ? node.PartitionBoundSpec : undefined;
}

/** Every row that is not proven to fit is looked at, in the default partition too. */
function verifyBound(
  plan: Plan,
  relation: Relation,
  table: Relation,
  bound: PartitionBoundSpec,
): void {
  const { draft, world } = plan;
  const partitioning = relation.partitioning!;
  // A default partition may hold nothing that belongs to another one.
  const others = partitionsOf(world, relation.id).flatMap((other) => boundOf(other) ?? []);
  const isProven = (part: Relation) =>
    provesBoundsOf(world, part, relation) &&
    (bound.is_default === true
      ? others.every((other) => provesOutside(part, partitioning, other))
      : provesBound(part, partitioning, bound));
  lockAbove(plan, relation);
  if (!isProven(table)) verifyRows(plan, table, isProven);
  const rest = defaultOf(plan, relation);
  if (rest === undefined || bound.is_default === true) return;
  draft.lock(rest, "AccessExclusive", "default-partition");
  for (const below of descendantsOf(world, rest)) draft.lock(below, "AccessExclusive", "partition");
  if (!provesOutside(rest, partitioning, bound))
    verifyRows(plan, rest, (leaf) => provesOutside(leaf, partitioning, bound));
}

/** The constraint of a partition is made from those of its parents, which are opened for it (partcache.c, generate_partition_qual). */
function lockAbove({ draft, world }: Plan, { partitionOf }: Relation): void {
  for (let at = partitionOf; at !== undefined;) {
    const above = byId(world, at.parent);
    if (above !== undefined) draft.lock(above, "AccessShare", "partition-parent");
    at = above?.partitionOf;
  }
}

function verifyRows(plan: Plan, table: Relation, isProven: (leaf: Relation) => boolean): void {
  for (const leaf of leavesOf(plan.world, table)) {
    if (!hasRows(leaf) || (leaf !== table && isProven(leaf))) continue;
    changeOf(plan, leaf).verify = true;
    mayFail(
      plan,
      "23514",
      `partition constraint of relation "${leaf.name}" is violated by some row`,
      leaf,
    );
  }
}

/** Each index of the partitioned table gets its part: one that fits, or a new one (AttachPartitionEnsureIndexes). */
function attachIndexes(plan: Plan, relation: Relation, table: Relation): void {
  const { draft, world } = plan;
  const taken = new Set<number>();
  for (const parent of indexesOf(world, relation.id)) {
    draft.lock(parent, "ShareUpdateExclusive", "index");
    const isKey = parent.index?.constraint !== undefined;
    const fitting = indexesOf(world, table.id).find(
      ({ id, index }) =>
        !taken.has(id) &&
        index?.partOf === undefined &&
        (index?.constraint !== undefined || !isKey) &&
        index?.valid === true &&
        sameIndex(index, parent.index),
    );
    if (fitting !== undefined) taken.add(fitting.id);
    else for (const leaf of leavesOf(world, table)) buildPart(plan, parent, leaf);
  }
}

function buildPart(plan: Plan, parent: Relation, leaf: Relation): void {
  const facts = parent.index;
  if (facts === undefined || !hasRows(leaf)) return;
  const constraint = facts.constraint !== undefined;
  const isPrimary =
    constraint &&
    byId(plan.world, facts.table)?.constraints.some(
      ({ kind, name }) => kind === "primary-key" && name === facts.constraint,
    );
  const titles = distinct(definitionOf(parent)?.titles ?? []);
  const middle = isPrimary ? undefined : joinColumnNames(titles);
  const name = chooseName(plan, leaf, middle, isPrimary ? "pkey" : constraint ? "key" : "idx");
  changeOf(plan, leaf).built.push(qualifiedName(leaf.schema, name));
  if (facts.unique) mayFail(plan, "23505", `could not create unique index "${name}"`, leaf);
}

/** Foreign keys of the partitioned table become the partition's too; those to it get triggers for the partition. */
function attachForeignKeys(plan: Plan, relation: Relation, table: Relation): void {
  const { draft, world } = plan;
  for (const constraint of relation.constraints) {
    if (constraint.kind !== "foreign-key") continue;
    const parent = parentOf(plan, constraint);
    if (parent === undefined) continue;
    const own = givenKey(plan, constraint, table, parent);
    draft.lock(parent, "ShareRowExclusive", "foreign-key-parent");
    lockPartitions(plan, parent, "ShareRowExclusive");
    // Rows that are looked up become rows of the partitioned table too.
    if (own?.valid !== true && constraint.enforced && constraint.valid)
      for (const checked of own === undefined
        ? [relation, ...leavesOf(world, table)]
        : leavesOf(world, table))
        queueCheck(plan, checked, parent);
  }
  for (const child of foreignKeysTo(world, relation.id))
    // Until 14 the referencing table was only looked at.
    if (plan.major >= 15) draft.lock(child, "ShareRowExclusive", "foreign-key-child");
    else draft.lock(child, "AccessShare", "read");
}

/** DETACH PARTITION (tablecmds.c, ATExecDetachPartition). */
export function detachPartition(plan: Plan, relation: Relation, { def }: AlterTableCmd): void {
  if (def === undefined || !("PartitionCmd" in def)) return;
  const { draft } = plan;
  const { name, concurrent = false } = def.PartitionCmd;
  const table = target(draft, name);
  if (table === undefined) return;
  if (table.partitionOf?.parent !== relation.id) {
    refuse(
      plan,
      "42P01",
      `relation "${table.name}" is not a partition of relation "${relation.name}"`,
    );
    return;
  }
  const rest = defaultOf(plan, relation);
  if (concurrent) {
    if (rest !== undefined) {
      refuse(
        plan,
        "55000",
        "cannot detach partitions concurrently when a default partition exists",
      );
      return;
    }
    draft.fail(
      "in-transaction",
      "25001",
      "ALTER TABLE ... DETACH CONCURRENTLY cannot run inside a transaction block",
    );
    // The bound that is left behind as a CHECK is that of all levels.
    lockAbove(plan, relation);
  }
  if (rest !== undefined && rest.id !== table.id)
    draft.lock(rest, "AccessExclusive", "default-partition");
  releasePartition(plan, relation, table, concurrent);
}

/** The partition, its parts of indexes and foreign keys become its own. */
function releasePartition(
  plan: Plan,
  relation: Relation,
  table: Relation,
  concurrent = false,
): void {
  const { draft, world } = plan;
  draft.lock(table, "AccessExclusive", "partition");
  for (const below of descendantsOf(world, table))
    // Triggers that came from above are dropped on all levels (trigger.c, RemoveTriggerById).
    if (!concurrent || losesTriggers(table, below))
      draft.lock(below, "AccessExclusive", "partition");
    // Otherwise CONCURRENTLY goes on to partitions below only with the CHECK that it leaves behind.
    else if (leavesBoundBehind(world, table))
      draft.lock(below, "ShareUpdateExclusive", "partition");
  for (const parent of indexesOf(world, relation.id))
    for (const part of indexPartsOf(world, parent.id))
      if (part.index?.table === table.id) draft.lock(part, "AccessExclusive", "index");
  for (const constraint of table.constraints) {
    if (constraint.kind !== "foreign-key") continue;
    const parent = parentOf(plan, constraint);
    if (parent?.kind === "partitioned table" && plan.major < 15)
      draft.unknown(
        `before Postgres 15, detaching "${table.name}" fails or loses its foreign key to the partitioned table "${parent.name}"`,
      );
    if (parent === undefined || !constraint.inherited) continue;
    draft.lock(parent, "ShareRowExclusive", "foreign-key-parent");
    lockPartitions(plan, parent, "ShareRowExclusive");
  }
  for (const child of foreignKeysTo(world, relation.id)) {
    draft.lock(child, "AccessExclusive", "foreign-key-child");
    draft.lockIndexes(child, "AccessShare");
    draft.scan(child);
    mayFail(
      plan,
      "23503",
      `removing partition "${table.name}" violates a foreign key constraint`,
      child,
    );
  }
}

function losesTriggers(table: Relation, below: Relation): boolean {
  return table.triggers.some(
    (own) =>
      own.inherited && below.triggers.some(({ inherited, name }) => inherited && name === own.name),
  );
}

/** DETACH PARTITION … FINALIZE, after a CONCURRENTLY that was broken off. */
export function finalizeDetach(plan: Plan, relation: Relation, { def }: AlterTableCmd): void {
  if (def === undefined || !("PartitionCmd" in def)) return;
  const table = target(plan.draft, def.PartitionCmd.name);
  if (table !== undefined) releasePartition(plan, relation, table);
}

/** ALTER INDEX … ATTACH PARTITION (tablecmds.c, ATExecAttachPartitionIdx). */
export function attachIndexPartition(plan: Plan, index: Relation, { def }: AlterTableCmd): void {
  if (def === undefined || !("PartitionCmd" in def)) return;
  const { draft, world } = plan;
  const part = target(draft, def.PartitionCmd.name);
  if (part === undefined) return;
  const [table, partition] = [index, part].map(({ index: facts }) =>
    byId(world, facts?.table ?? 0),
  );
  if (index.kind !== "partitioned index" || part.index === undefined || partition === undefined) {
    refuse(
      plan,
      "42809",
      `"${index.name}" and "${part.name}" are not indexes that belong together`,
    );
    return;
  }
  draft.lock(part, "AccessExclusive", "partition");
  draft.lock(partition, "AccessShare", "partition");
  if (table !== undefined) draft.lock(table, "AccessShare", "partition-parent");
  if (part.index.partOf === index.id) return;
  const cannot = `cannot attach index "${part.name}" as a partition of index "${index.name}"`;
  if (part.index.partOf !== undefined || partition.partitionOf?.parent !== table?.id)
    refuse(plan, "55000", cannot);
  else if (indexPartsOf(world, index.id).some((other) => other.index?.table === partition.id))
    refuse(plan, "55000", cannot);
  else if (!sameIndex(part.index, index.index)) refuse(plan, "42P17", cannot);
}
