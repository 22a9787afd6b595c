import type { Constraint } from "@pgsql/types";
import { byId, findRelation, indexesOf, partitionsOf } from "../lookup.ts";
import type { ObjectId, Relation, WorldConstraint } from "../model.ts";
import { strings } from "../nodes.ts";
import { putRelation } from "../store.ts";
import { addConstraint, setNotNull } from "./constraints.ts";
import { all, type FoldContext } from "./context.ts";
import {
  attachIndex,
  definitionOf,
  invalidate,
  makeIndex,
  sameIndex,
  title,
  type IndexDefinition,
} from "./indexes.ts";
import { keyOptions, plainKey } from "./key-options.ts";
import { truncateName } from "./object-names.ts";

type KeyKind = "primary-key" | "unique" | "exclusion";

const kinds: Readonly<Record<string, KeyKind>> = {
  CONSTR_PRIMARY: "primary-key",
  CONSTR_UNIQUE: "unique",
  CONSTR_EXCLUSION: "exclusion",
};

const labels = { "primary-key": "pkey", unique: "key", exclusion: "excl" } as const;

/** Adds PRIMARY KEY, UNIQUE or EXCLUDE: the index and the constraint, unless with ONLY on partitions too. */
export function addKey(
  context: FoldContext,
  id: ObjectId,
  definition: Constraint,
  recurse = true,
): void {
  const table = byId(context.world, id);
  const kind = kinds[definition.contype ?? ""];
  if (table === undefined || kind === undefined) return;
  if (definition.indexname !== undefined) {
    adoptIndex(context, table, definition, kind);
    return;
  }
  const index = indexOf(definition, kind);
  const columns = index.columns.flatMap((name) => name ?? []);
  if (kind === "primary-key") makeNotNull(context, table, columns);
  const wanted = definition.conname === undefined ? undefined : truncateName(definition.conname);
  const options = { kind, deferrable: definition.deferrable ?? false, columns };
  keyOn(context, byId(context.world, id)!, index, wanted, options, undefined, recurse);
}

/** A NOT NULL that a column of a primary key has already stays as it is. */
function makeNotNull(context: FoldContext, table: Relation, columns: readonly string[]): void {
  for (const { name, notNull } of table.columns)
    if (columns.includes(name) && !notNull) setNotNull(context, table.id, name);
}

interface KeyOptions {
  readonly kind: KeyKind;
  readonly deferrable: boolean;
  readonly columns: readonly string[];
}

/** One table's index and constraint, and those of its partitions. */
function keyOn(
  context: FoldContext,
  table: Relation,
  definition: IndexDefinition,
  wanted: string | undefined,
  options: KeyOptions,
  partOf: ObjectId | undefined,
  recurse = true,
): void {
  const index = makeIndex(context, table, definition, wanted, {
    label: labels[options.kind],
    only: true,
    constraint: true,
    ...(partOf === undefined ? {} : { partOf }),
  });
  if (index === undefined) return;
  addConstraint(context, table.id, keyConstraint(context, index, options, partOf !== undefined));
  const partitions = partitionsOf(context.world, table.id);
  if (!recurse && partitions.length > 0) invalidate(context.world, index);
  for (const partition of recurse ? partitions : [])
    keyOnPartition(context, byId(context.world, index)!, partition, definition, options);
}

function keyOnPartition(
  context: FoldContext,
  parent: Relation,
  partition: Relation,
  definition: IndexDefinition,
  options: KeyOptions,
): void {
  const fitting = indexesOf(context.world, partition.id).find(
    ({ index }) =>
      index?.partOf === undefined &&
      index?.constraint !== undefined &&
      sameIndex(index, parent.index),
  );
  if (fitting === undefined) keyOn(context, partition, definition, undefined, options, parent.id);
  else attachIndex(context, parent.id, fitting.id);
}

/** Gives a new or attached partition its part of a key of the partitioned table. */
export function inheritKey(context: FoldContext, parent: Relation, partition: Relation): void {
  const table = byId(context.world, parent.index?.table ?? 0);
  const constraint = table?.constraints.find(({ name }) => name === parent.index?.constraint);
  const definition = definitionOf(parent);
  if (constraint === undefined || definition === undefined || !isKey(constraint)) return;
  keyOnPartition(context, parent, partition, definition, constraint);
}

export function isKey(
  constraint: WorldConstraint,
): constraint is Extract<WorldConstraint, { kind: KeyKind }> {
  return (
    constraint.kind === "primary-key" ||
    constraint.kind === "unique" ||
    constraint.kind === "exclusion"
  );
}

function keyConstraint(
  { world }: FoldContext,
  index: ObjectId,
  { kind, deferrable, columns }: KeyOptions,
  inherited: boolean,
): WorldConstraint {
  return {
    kind,
    name: byId(world, index)!.name,
    valid: true,
    enforced: true,
    deferrable,
    noInherit: !inherited,
    inherited,
    local: !inherited,
    columns,
    index,
  };
}

function indexOf(definition: Constraint, kind: KeyKind): IndexDefinition {
  const include = strings(definition.including);
  if (kind !== "exclusion") {
    const columns = strings(definition.keys);
    return {
      method: definition.without_overlaps === true ? "gist" : "btree",
      columns,
      options: columns.map(() => plainKey),
      include,
      expressions: [],
      predicate: undefined,
      unique: true,
      nullsNotDistinct: definition.nulls_not_distinct ?? false,
      titles: [...columns, ...include],
      tablespace: definition.indexspace,
    };
  }
  const elements = (definition.exclusions ?? []).flatMap((node) =>
    "List" in node ? all(node.List.items, "IndexElem") : [],
  );
  return {
    method: definition.access_method ?? "btree",
    columns: elements.map((element) => element.name),
    options: elements.map((element) =>
      keyOptions(element, definition.access_method ?? "btree", undefined),
    ),
    include,
    expressions: elements.flatMap((element) => element.expr ?? []),
    predicate: definition.where_clause,
    unique: false,
    nullsNotDistinct: false,
    titles: [...elements.map(title), ...include],
    tablespace: definition.indexspace,
  };
}

/** … USING INDEX: the index takes the constraint's name (tablecmds.c, ATExecAddIndexConstraint). */
function adoptIndex(
  context: FoldContext,
  table: Relation,
  definition: Constraint,
  kind: KeyKind,
): void {
  const { world } = context;
  const index = findRelation(world, { schema: table.schema, name: definition.indexname ?? "" });
  if (index?.index === undefined || index.index.table !== table.id) return;
  const name = truncateName(definition.conname ?? index.name);
  const columns = index.index.columns.flatMap((column) => column ?? []);
  if (kind === "primary-key") makeNotNull(context, table, columns);
  putRelation(world, { ...index, name, index: { ...index.index, constraint: name } });
  const options = { kind, deferrable: definition.deferrable ?? false, columns };
  addConstraint(context, table.id, keyConstraint(context, index.id, options, false));
}
