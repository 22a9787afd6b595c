import type { Constraint, CreateStmt, Node, PartitionSpec } from "@pgsql/types";
import { byId, temporarySchema } from "../lookup.ts";
import type { ObjectId, Partitioning, Relation, World, WorldColumn } from "../model.ts";
import { rangeName, strings } from "../nodes.ts";
import { newId, putRelation } from "../store.ts";
import { resolveType, rowRelation } from "../type-use.ts";
import { qualifiedName } from "../../../sql/index.ts";
import { addColumn } from "./columns.ts";
import { addCheck, addConstraint, notNullOf, setNotNull } from "./constraints.ts";
import {
  all,
  change,
  creationSchema,
  emptyRelation,
  onCommitOf,
  persistenceOf,
  target,
  type FoldContext,
} from "./context.ts";
import { defineColumn } from "./define-column.ts";
import { addForeignKey } from "./foreign-keys.ts";
import { addKey } from "./keys.ts";
import { copyColumns, copyIndexes } from "./like.ts";
import { truncateName } from "./object-names.ts";
import { inheritIndexesAndKeys } from "./partitions.ts";

/** CREATE TABLE and CREATE FOREIGN TABLE in all their forms but AS. */
export function createTable(
  context: FoldContext,
  statement: CreateStmt,
  kind: "table" | "foreign table" = "table",
  foreignServer?: string,
): void {
  const { world } = context;
  const written = rangeName(statement.relation);
  const schema = creationSchema(context, written);
  const name = truncateName(written.name);
  if (world.relations.has(qualifiedName(schema, name))) return;
  const id = start(context, statement, kind, schema, name);
  if (foreignServer !== undefined) putRelation(world, { ...byId(world, id)!, foreignServer });
  const parents = inheritedFrom(context, statement);
  const asPartition = statement.partbound !== undefined;
  for (const parent of parents) inheritColumns(context, parent, id, asPartition);
  if (statement.ofTypename !== undefined) columnsOfType(context, statement, id);
  const { elements, notNulls } = defineColumns(context, statement, id);
  if (statement.partspec !== undefined) partitionBy(context, id, statement.partspec);
  const keys: Constraint[] = [];
  const foreignKeys: Constraint[] = [];
  const namedNotNulls = elements.filter(({ contype }) => contype === "CONSTR_NOTNULL");
  for (const { name: constraint, noInherit, column } of notNulls)
    setNotNull(context, id, column, { name: constraint, noInherit, recurse: false });
  for (const constraint of namedNotNulls) tableNotNull(context, id, constraint, false);
  for (const constraint of elements) {
    if (constraint.contype === "CONSTR_CHECK")
      addCheck(context, id, constraint, { recurse: false, fresh: true });
    else if (constraint.contype === "CONSTR_FOREIGN") foreignKeys.push(constraint);
    else if (constraint.contype === "CONSTR_PRIMARY") keys.unshift(constraint);
    else if (constraint.contype !== "CONSTR_NOTNULL") keys.push(constraint);
  }
  for (const parent of parents) inheritConstraints(context, parent, id, asPartition);
  for (const constraint of withoutDuplicates(keys)) addKey(context, id, constraint);
  for (const like of all(statement.tableElts, "TableLikeClause")) copyIndexes(context, like, id);
  if (asPartition) for (const parent of parents) inheritIndexesAndKeys(context, parent.id, id);
  for (const constraint of foreignKeys) addForeignKey(context, id, constraint, true);
}

/**
 * PRIMARY KEY and UNIQUE over the same columns are one index; it has the first name given (transformIndexConstraints).
 */
function withoutDuplicates(keys: readonly Constraint[]): readonly Constraint[] {
  const kept = new Map<string, Constraint>();
  for (const [index, constraint] of keys.entries()) {
    const { contype, keys: columns, including, deferrable, initdeferred } = constraint;
    const key =
      contype === "CONSTR_EXCLUSION"
        ? String(index)
        : JSON.stringify([strings(columns), strings(including), deferrable, initdeferred]);
    const first = kept.get(key);
    if (first === undefined) kept.set(key, constraint);
    else if (first.conname === undefined && constraint.conname !== undefined)
      kept.set(key, { ...first, conname: constraint.conname });
  }
  return [...kept.values()];
}

/** NOT NULL as a table constraint (Postgres 18). */
export function tableNotNull(
  context: FoldContext,
  id: ObjectId,
  constraint: Constraint,
  recurse = true,
): void {
  const [key] = constraint.keys ?? [];
  if (key === undefined || !("String" in key)) return;
  setNotNull(context, id, key.String.sval ?? "", {
    name: constraint.conname,
    valid: constraint.skip_validation !== true,
    noInherit: constraint.is_no_inherit ?? false,
    recurse,
  });
}

function start(
  context: FoldContext,
  statement: CreateStmt,
  kind: Relation["kind"],
  schema: string,
  name: string,
): ObjectId {
  const { world } = context;
  const asPartition = statement.partbound !== undefined;
  const parents = inheritedFrom(context, statement).map((parent) => parent.id);
  const persistence = persistenceOf(statement.relation, schema);
  const relation: Relation = {
    ...emptyRelation(
      world,
      statement.partspec === undefined ? kind : "partitioned table",
      schema,
      name,
      persistence,
    ),
    inherits: asPartition ? [] : parents,
    partitionOf: asPartition
      ? {
          parent: parents[0] ?? 0,
          isDefault: statement.partbound?.is_default ?? false,
          bound: { PartitionBoundSpec: statement.partbound! },
        }
      : undefined,
    tablespace: statement.tablespacename,
    onCommit: onCommitOf(statement.oncommit),
    accessMethod:
      statement.accessMethod ??
      (kind === "foreign table" || statement.partspec !== undefined ? undefined : "heap"),
  };
  if (schema === temporarySchema) world.schemas.add(temporarySchema);
  putRelation(world, relation);
  return relation.id;
}

function inheritedFrom(context: FoldContext, statement: CreateStmt): readonly Relation[] {
  return all(statement.inhRelations, "RangeVar").flatMap((range) => target(context, range) ?? []);
}

interface WrittenNotNull {
  readonly column: string;
  readonly name: string | undefined;
  readonly noInherit: boolean;
}

/** Adds the columns of the statement, LIKE included, in their order; returns its constraints. */
function defineColumns(
  context: FoldContext,
  statement: CreateStmt,
  id: ObjectId,
): { readonly elements: readonly Constraint[]; readonly notNulls: readonly WrittenNotNull[] } {
  const elements: Constraint[] = [];
  const notNulls: WrittenNotNull[] = [];
  const { world } = context;
  const table = byId(world, id)!;
  let columns = [...table.columns];
  const put = () => change(world, id, { columns });
  for (const node of statement.tableElts ?? [])
    if ("TableLikeClause" in node) {
      put();
      copyColumns(context, node.TableLikeClause, id);
      columns = [...byId(world, id)!.columns];
    } else if ("Constraint" in node) elements.push(node.Constraint);
    else if ("ColumnDef" in node) {
      const defined = defineColumn(context, node.ColumnDef, table);
      addOrMergeColumn(world, table, columns, node, defined.column);
      elements.push(...defined.constraints);
      if (defined.notNull !== undefined)
        notNulls.push({ column: defined.column.name, ...defined.notNull });
    }
  put();
  elements.push(...all(statement.constraints, "Constraint"));
  return { elements, notNulls };
}

/** A column that a parent has too keeps its place and gets the own default (MergeAttributes). */
function addOrMergeColumn(
  world: World,
  table: Relation,
  columns: WorldColumn[],
  node: Extract<Node, { ColumnDef: unknown }>,
  column: Omit<WorldColumn, "number">,
): void {
  const place = columns.findIndex(({ name }) => name === column.name);
  const existing = columns[place];
  if (existing === undefined) {
    columns.push({ number: newId(world), ...column });
    return;
  }
  const { default: expression, generated, identity } = column;
  columns[place] = {
    ...existing,
    local: table.partitionOf === undefined,
    ...(expression === undefined ? {} : { default: expression }),
    ...(generated === undefined ? {} : { generated }),
    ...(identity === undefined ? {} : { identity }),
    ...(node.ColumnDef.typeName === undefined ? {} : { type: column.type }),
  };
}

function inheritColumns(
  context: FoldContext,
  parent: Relation,
  id: ObjectId,
  asPartition: boolean,
): void {
  const { major } = context.world;
  for (const column of parent.columns) {
    // Identity is inherited by partitions since 17, by other children never.
    const identity = asPartition && major >= 17 ? column.identity : undefined;
    const inherited = {
      ...column,
      identity,
      notNull: false,
      inherited: true,
      local: false,
      grants: [],
    };
    const existing = byId(context.world, id)?.columns.find(({ name }) => name === column.name);
    if (existing === undefined) addColumn(context, id, inherited, false);
  }
}

function inheritConstraints(
  context: FoldContext,
  parent: Relation,
  id: ObjectId,
  asPartition: boolean,
): void {
  const { world } = context;
  for (const column of parent.columns) {
    const constraint = notNullOf(parent, column.name);
    if (!column.notNull || constraint?.noInherit === true) continue;
    setNotNull(context, id, column.name, {
      name: constraint?.name,
      inherited: true,
      recurse: false,
    });
  }
  for (const constraint of parent.constraints) {
    if (constraint.noInherit || constraint.kind !== "check") continue;
    const table = byId(world, id)!;
    const own = table.constraints.find(({ name }) => name === constraint.name);
    if (own === undefined)
      addConstraint(context, id, {
        ...constraint,
        valid: constraint.enforced,
        inherited: true,
        local: false,
      });
    else
      putRelation(world, {
        ...table,
        constraints: table.constraints.map((other) =>
          other === own ? { ...own, inherited: true, local: own.local && !asPartition } : other,
        ),
      });
  }
}

/** OF a composite type: its columns. */
function columnsOfType(context: FoldContext, statement: CreateStmt, id: ObjectId): void {
  const { world, searchPath } = context;
  const type = rowRelation(world, resolveType(statement.ofTypename, world, searchPath));
  if (type === undefined) return;
  putRelation(world, { ...byId(world, id)!, ofType: type.id });
  for (const column of type.columns) addColumn(context, id, column, false);
}

const strategies: Readonly<Record<string, Partitioning["strategy"]>> = {
  PARTITION_STRATEGY_RANGE: "range",
  PARTITION_STRATEGY_LIST: "list",
  PARTITION_STRATEGY_HASH: "hash",
};

function partitionBy({ world }: FoldContext, id: ObjectId, spec: PartitionSpec): void {
  const elements = all(spec.partParams, "PartitionElem");
  putRelation(world, {
    ...byId(world, id)!,
    partitioning: {
      strategy: strategies[spec.strategy ?? ""] ?? "range",
      columns: elements.flatMap((element) => element.name ?? []),
      expressions: elements.flatMap((element) => element.expr ?? []),
    },
  });
}
