import type { ClusterStmt, IndexElem, IndexStmt, Node } from "@pgsql/types";
import { qualifiedName, type QualifiedName } from "../../../sql/index.ts";
import { byId, indexesOf, indexPartsOf, partitionsOf } from "../lookup.ts";
import type { IndexFacts, ObjectId, Relation, World } from "../model.ts";
import { strings } from "../nodes.ts";
import { putRelation } from "../store.ts";
import { resolveType, sameType } from "../type-use.ts";
import { all, change, emptyRelation, target, type FoldContext } from "./context.ts";
import { keyOptions } from "./key-options.ts";
import { figureName } from "../query/figure-name.ts";
import { chooseRelationName, joinColumnNames, truncateName } from "./object-names.ts";

/** An index as it is to be made on a table and, with other names, on each of its partitions. */
export interface IndexDefinition extends Pick<
  IndexFacts,
  | "method"
  | "columns"
  | "options"
  | "include"
  | "expressions"
  | "predicate"
  | "unique"
  | "nullsNotDistinct"
> {
  /** Names of columns and expressions for the index's own name. */
  readonly titles: readonly string[];
  readonly tablespace: string | undefined;
}

export function createIndex(context: FoldContext, statement: IndexStmt): void {
  const table = target(context, statement.relation);
  if (table === undefined) return;
  const { world } = context;
  const wanted = statement.idxname === undefined ? undefined : truncateName(statement.idxname);
  if (wanted !== undefined && world.relations.has(qualifiedName(table.schema, wanted))) return;
  const only = statement.relation?.inh !== true;
  const definition = plainKeys(indexDefinition(statement, table), table, context);
  const id = makeIndex(context, table, definition, wanted, { label: "idx", only });
  if (id !== undefined && only && partitionsOf(world, table.id).length > 0) invalidate(world, id);
}

/** The name that CREATE INDEX without one chooses on a table that is not partitioned. */
export function chosenName(
  context: FoldContext,
  table: Relation,
  statement: IndexStmt,
): QualifiedName {
  const { titles } = plainKeys(indexDefinition(statement, table), table, context);
  return qualifiedName(table.schema, nameFor(context.world, table, titles, "idx", false));
}

function nameFor(
  world: World,
  { schema, name }: Relation,
  titles: readonly string[],
  label: string,
  constraint: boolean,
): string {
  const middle = label === "pkey" ? undefined : joinColumnNames(distinct(titles));
  return chooseRelationName(world, schema, name, middle, label, constraint);
}

/** What CREATE INDEX says, and what constraints and LIKE say in the same words. */
export function indexDefinition(statement: IndexStmt, table: Relation): IndexDefinition {
  const keys = all(statement.indexParams, "IndexElem");
  const include = all(statement.indexIncludingParams, "IndexElem");
  const method = statement.accessMethod ?? "btree";
  return {
    method,
    columns: keys.map((key) => key.name),
    options: keys.map((key) => keyOptions(key, method, table)),
    include: include.flatMap((key) => key.name ?? []),
    expressions: keys.flatMap((key) => key.expr ?? []),
    predicate: statement.whereClause,
    unique: statement.unique ?? false,
    nullsNotDistinct: statement.nulls_not_distinct ?? false,
    titles: [...keys, ...include].map(title),
    tablespace: statement.tableSpace,
  };
}

export function title(key: IndexElem): string {
  return key.indexcolname ?? key.name ?? figureName(key.expr) ?? "expr";
}

/** How an index comes to be. */
export interface IndexOptions {
  /** End of a chosen name: `idx`, `key`, `pkey`, `excl`. */
  readonly label: string;
  /** Not on the partitions. */
  readonly only?: boolean;
  readonly constraint?: boolean;
  readonly partOf?: ObjectId;
}

/**
 * Puts an index on a table and on its partitions, where one that fits is taken instead (indexcmds.c, DefineIndex).
 * Returns its id; undefined when the name is taken.
 */
export function makeIndex(
  context: FoldContext,
  table: Relation,
  definition: IndexDefinition,
  wanted: string | undefined,
  options: IndexOptions,
): ObjectId | undefined {
  const { world } = context;
  const { label, only = false, constraint = false, partOf } = options;
  const name = wanted ?? nameFor(world, table, definition.titles, label, constraint);
  if (world.relations.has(qualifiedName(table.schema, name))) return undefined;
  const partitioned = table.kind === "partitioned table";
  const index: Relation = {
    ...emptyRelation(
      world,
      partitioned ? "partitioned index" : "index",
      table.schema,
      name,
      table.persistence,
    ),
    tablespace: definition.tablespace,
    owner: table.owner,
    index: {
      table: table.id,
      method: definition.method,
      columns: definition.columns,
      options: definition.options,
      include: definition.include,
      expressions: definition.expressions,
      predicate: definition.predicate,
      unique: definition.unique,
      nullsNotDistinct: definition.nullsNotDistinct,
      valid: true,
      clustered: false,
      constraint: constraint ? name : undefined,
      partOf,
    },
  };
  putRelation(world, index);
  if (partitioned && !only)
    for (const partition of partitionsOf(world, table.id))
      indexPartition(context, index, partition, definition, options);
  return index.id;
}

/** Gives a partition its part of a partitioned index: one that fits and belongs to none, or a new one. */
export function indexPartition(
  context: FoldContext,
  parent: Relation,
  partition: Relation,
  definition: IndexDefinition,
  options: IndexOptions,
): ObjectId | undefined {
  const { world } = context;
  if (partition.kind === "foreign table") return undefined;
  const fitting = indexesOf(world, partition.id).find(
    (candidate) =>
      candidate.index?.partOf === undefined &&
      sameIndex(candidate.index, parent.index) &&
      (parent.index?.constraint === undefined || candidate.index?.constraint !== undefined),
  );
  if (fitting !== undefined) {
    attachIndex(context, parent.id, fitting.id);
    return fitting.id;
  }
  return makeIndex(context, partition, definition, undefined, {
    ...options,
    only: false,
    partOf: parent.id,
  });
}

/** The definition that an existing index would be made with again. */
export function definitionOf({ index, tablespace }: Relation): IndexDefinition | undefined {
  if (index === undefined) return undefined;
  let expression = 0;
  const keys = index.columns.map(
    (column) => column ?? figureName(index.expressions[expression++]) ?? "expr",
  );
  return { ...index, titles: [...keys, ...index.include], tablespace };
}

/** True when two indexes, each on its own table, hold the same keys (index.c, CompareIndexInfo). */
export function sameIndex(a: IndexFacts | undefined, b: IndexFacts | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const key = (index: IndexFacts) =>
    JSON.stringify([
      index.method,
      index.unique,
      index.nullsNotDistinct,
      index.columns.map((column) => column ?? null),
      // The order of values makes no difference.
      index.options.map(({ operatorClass = null, collation = null }) => [operatorClass, collation]),
      index.include,
      withoutPlaces(index.expressions),
      withoutPlaces(index.predicate) ?? null,
    ]);
  return key(a) === key(b);
}

/** A tree without positions in the text: equal expressions give equal trees. */
export function withoutPlaces(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(withoutPlaces);
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([key]) => key !== "location")
      .map(([key, value]: [string, unknown]) => [key, withoutPlaces(value)]),
  );
}

/** ALTER INDEX … ATTACH PARTITION: the partitioned index becomes valid when every partition has its part. */
export function attachIndex({ world }: FoldContext, parentId: ObjectId, partId: ObjectId): void {
  const part = byId(world, partId);
  if (part?.index === undefined) return;
  change(world, partId, { index: { ...part.index, partOf: parentId } });
  markConstraintInherited(world, part);
  validateIfWhole(world, parentId);
}

function markConstraintInherited(world: World, index: Relation): void {
  const name = index.index?.constraint;
  const table = index.index === undefined ? undefined : byId(world, index.index.table);
  if (name === undefined || table === undefined) return;
  change(world, table.id, {
    constraints: table.constraints.map((constraint) =>
      constraint.name === name ? { ...constraint, inherited: true, local: false } : constraint,
    ),
  });
}

function validateIfWhole(world: World, parentId: ObjectId): void {
  const parent = byId(world, parentId);
  if (parent?.index === undefined || parent.index.valid) return;
  const parts = indexPartsOf(world, parentId).filter((part) => part.index?.valid);
  if (parts.length < partitionsOf(world, parent.index.table).length) return;
  change(world, parentId, { index: { ...parent.index, valid: true } });
  if (parent.index.partOf !== undefined) validateIfWhole(world, parent.index.partOf);
}

/** CLUSTER … USING: the table goes by that index from then on. */
export function cluster(context: FoldContext, statement: ClusterStmt): void {
  const table = target(context, statement.relation);
  if (table !== undefined && statement.indexname !== undefined)
    clusterOn(context.world, table.id, statement.indexname);
}

/** Marks the index that a table is clustered on; none without a name (cluster.c, mark_index_clustered). */
export function clusterOn(world: World, table: ObjectId, name: string | undefined): void {
  for (const { id, name: own, index } of indexesOf(world, table))
    if (index !== undefined && index.clustered !== (own === name))
      change(world, id, { index: { ...index, clustered: own === name } });
}

/**
 * Keys that are no more than a column, or a column cast to the type that it has, are that column (indexcmds.c,
 * ComputeIndexAttrs).
 */
export function plainKeys<Keys extends Pick<IndexFacts, "columns" | "expressions">>(
  keys: Keys,
  table: Relation,
  { world, searchPath }: FoldContext,
): Keys {
  if (keys.expressions.length === 0) return keys;
  const expressions: Node[] = [];
  const left = [...keys.expressions];
  const columns = keys.columns.map((column) => {
    if (column !== undefined) return column;
    const expression = left.shift();
    const plain = plainColumn(expression, table, world, searchPath);
    if (plain === undefined && expression !== undefined) expressions.push(expression);
    return plain;
  });
  return expressions.length === keys.expressions.length ? keys : { ...keys, columns, expressions };
}

function plainColumn(
  expression: Node | undefined,
  table: Relation,
  world: World,
  searchPath: readonly string[],
): string | undefined {
  if (expression === undefined) return undefined;
  if ("CollateClause" in expression)
    return plainColumn(expression.CollateClause.arg, table, world, searchPath);
  if ("TypeCast" in expression) {
    const name = plainColumn(expression.TypeCast.arg, table, world, searchPath);
    const type = resolveType(expression.TypeCast.typeName, world, searchPath);
    const column = table.columns.find((each) => each.name === name);
    return column !== undefined && sameType(column.type, type) ? name : undefined;
  }
  return "ColumnRef" in expression ? strings(expression.ColumnRef.fields).at(-1) : undefined;
}

/** As ONLY leaves the index of a table that has partitions. */
export function invalidate(world: World, id: ObjectId): void {
  const index = byId(world, id)?.index;
  if (index !== undefined) change(world, id, { index: { ...index, valid: false } });
}

/** Equal titles get a number, from 1 (indexcmds.c, ChooseIndexColumnNames). */
export function distinct(titles: readonly string[]): string[] {
  const chosen: string[] = [];
  for (const original of titles) {
    let name = original;
    for (let number = 1; chosen.includes(name); number++) name = `${original}${number}`;
    chosen.push(name);
  }
  return chosen;
}
