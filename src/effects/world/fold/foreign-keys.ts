import type { Constraint } from "@pgsql/types";
import { byId, partitionsOf } from "../lookup.ts";
import type { ObjectId, ReferentialAction, Relation, WorldConstraint } from "../model.ts";
import { strings } from "../nodes.ts";
import { addConstraint, constraintOf, updateConstraint } from "./constraints.ts";
import { target, type FoldContext } from "./context.ts";
import { chooseConstraintName, joinColumnNames, truncateName } from "./object-names.ts";

type ForeignKey = Extract<WorldConstraint, { kind: "foreign-key" }>;

/** What a key does when a row that it references changes, as parsed (parsenodes.h, FKCONSTR_ACTION). */
export const referentialActions: Readonly<Record<string, ReferentialAction>> = {
  a: "no-action",
  r: "restrict",
  c: "cascade",
  n: "set-null",
  d: "set-default",
};

const none: ReadonlySet<string> = new Set();

/** Adds FOREIGN KEY to a table and its partitions; `fresh` for a table or column that is just being created. */
export function addForeignKey(
  context: FoldContext,
  id: ObjectId,
  definition: Constraint,
  fresh: boolean,
): void {
  const { world } = context;
  const table = byId(world, id);
  if (table === undefined) return;
  const columns = strings(definition.fk_attrs);
  const referenced = target(context, definition.pktable);
  const enforced = definition.is_enforced === true;
  const name =
    definition.conname === undefined
      ? foreignKeyName(context, table, columns)
      : truncateName(definition.conname);
  foreignKeyOn(context, table, {
    kind: "foreign-key",
    name,
    valid: enforced && (fresh || definition.skip_validation !== true),
    enforced,
    deferrable: definition.deferrable ?? false,
    deferred: definition.initdeferred ?? false,
    // fk constraints are inherited by partitions only (tablecmds.c, addFkConstraint: "noinherit" otherwise)
    noInherit: table.kind !== "partitioned table",
    inherited: false,
    local: true,
    columns,
    references: {
      table: referenced?.id ?? 0,
      columns: referencedColumns(definition, referenced),
    },
    onDelete: referentialActions[definition.fk_del_action ?? "a"] ?? "no-action",
    onUpdate: referentialActions[definition.fk_upd_action ?? "a"] ?? "no-action",
    onDeleteColumns: strings(definition.fk_del_set_cols),
  });
}

function foreignKeyOn(context: FoldContext, table: Relation, constraint: ForeignKey): void {
  if (constraintOf(table, constraint.name) !== undefined && !constraint.inherited) return;
  addConstraint(context, table.id, constraint);
  for (const partition of partitionsOf(context.world, table.id))
    inheritForeignKey(context, constraint, partition);
}

/** Gives a partition its own form of the partitioned table's foreign key: one that it has, or a new one. */
export function inheritForeignKey(
  context: FoldContext,
  constraint: ForeignKey,
  partition: Relation,
): void {
  if (partition.kind === "foreign table") return;
  const { adopted } = keyOfPartition(context.world.major, constraint, partition.constraints);
  if (adopted !== undefined) {
    const valid = adopted.valid || constraint.valid;
    updateConstraint(context, partition.id, adopted.name, { inherited: true, local: false, valid });
    return;
  }
  const taken = constraintOf(partition, constraint.name) !== undefined;
  const name = taken ? foreignKeyName(context, partition, constraint.columns) : constraint.name;
  foreignKeyOn(context, partition, {
    ...constraint,
    name,
    noInherit: false,
    inherited: true,
    local: false,
  });
}

/**
 * What a partition has where its parent's foreign key comes to it: a key of its own that is adopted, or one that is in the
 * way because it is enforced and the parent's is not, or the reverse (tablecmds.c, tryAttachPartitionForeignKey).
 */
export function keyOfPartition(
  major: number,
  key: ForeignKey,
  constraints: readonly WorldConstraint[],
): { readonly adopted?: ForeignKey; readonly clash?: ForeignKey } {
  // The first in the order of their names decides.
  const alike = constraints.filter((own) => referencesTheSame(key, own));
  for (const own of alike.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (own.enforced !== key.enforced) return { clash: own };
    if (!own.inherited && hasSameActions(key, own) && (own.valid || major >= 18))
      return { adopted: own };
  }
  return {};
}

function referencesTheSame(a: ForeignKey, b: WorldConstraint): b is ForeignKey {
  return (
    b.kind === "foreign-key" &&
    a.references.table === b.references.table &&
    a.columns.join("\0") === b.columns.join("\0") &&
    a.references.columns.join("\0") === b.references.columns.join("\0")
  );
}

function hasSameActions(a: ForeignKey, b: ForeignKey): boolean {
  return (
    a.onDelete === b.onDelete &&
    a.onUpdate === b.onUpdate &&
    a.deferrable === b.deferrable &&
    a.deferred === b.deferred
  );
}

export function foreignKeyName(
  { world }: FoldContext,
  table: Relation,
  columns: readonly string[],
): string {
  const middle = joinColumnNames(columns);
  return chooseConstraintName(world, table.schema, table.name, middle, "fkey", none);
}

function referencedColumns(
  definition: Constraint,
  referenced: Relation | undefined,
): readonly string[] {
  if (definition.pk_attrs !== undefined) return strings(definition.pk_attrs);
  const key = referenced?.constraints.find(({ kind }) => kind === "primary-key");
  return key?.kind === "primary-key" ? key.columns : [];
}
