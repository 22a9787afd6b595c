import type { Constraint } from "@pgsql/types";
import { byId, partitionsOf } from "../lookup.ts";
import type { ObjectId, ReferentialAction, Relation, WorldConstraint } from "../model.ts";
import { strings } from "../nodes.ts";
import { addConstraint, constraintOf } from "./constraints.ts";
import { target, type FoldContext } from "./context.ts";
import { chooseConstraintName, joinColumnNames, truncateName } from "./object-names.ts";

type ForeignKey = Extract<WorldConstraint, { kind: "foreign-key" }>;

const actions: Readonly<Record<string, ReferentialAction>> = {
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
    // fk constraints are inherited by partitions only (tablecmds.c, addFkConstraint: "noinherit" otherwise)
    noInherit: table.kind !== "partitioned table",
    inherited: false,
    local: true,
    columns,
    references: {
      table: referenced?.id ?? 0,
      columns: referencedColumns(definition, referenced),
    },
    onDelete: actions[definition.fk_del_action ?? "a"] ?? "no-action",
    onUpdate: actions[definition.fk_upd_action ?? "a"] ?? "no-action",
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

/** The foreign key of a partition that the parent's can take for its own when the partition is attached. */
export function sameForeignKey(a: ForeignKey, b: WorldConstraint): b is ForeignKey {
  return (
    b.kind === "foreign-key" &&
    a.references.table === b.references.table &&
    a.columns.join("\0") === b.columns.join("\0") &&
    a.references.columns.join("\0") === b.references.columns.join("\0") &&
    a.onDelete === b.onDelete &&
    a.onUpdate === b.onUpdate &&
    a.deferrable === b.deferrable
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
