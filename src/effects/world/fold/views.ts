import type { CreateTableAsStmt, Node, RangeVar, ViewStmt } from "@pgsql/types";
import { qualifiedName } from "../../../sql/index.ts";
import { byId, findRelation, temporarySchema } from "../lookup.ts";
import type { ObjectId, Relation, WorldColumn } from "../model.ts";
import { rangeName, strings } from "../nodes.ts";
import { analyzeQuery, type QueryFacts } from "../query/analyze.ts";
import { newId, putRelation } from "../store.ts";
import {
  change,
  creationSchema,
  doubt,
  emptyRelation,
  onCommitOf,
  persistenceOf,
  type FoldContext,
} from "./context.ts";
import { truncateName } from "./object-names.ts";

/** CREATE [OR REPLACE] VIEW. */
export function createView(context: FoldContext, statement: ViewStmt): void {
  const { world, searchPath } = context;
  const facts = analyzeQuery(statement.query, world, searchPath);
  const written = rangeName(statement.view);
  const isTemporary = readsTemporary(context, facts);
  const schema = isTemporary ? temporarySchema : creationSchema(context, written);
  const existing = findRelation(world, { schema, name: truncateName(written.name) });
  if (existing !== undefined && statement.replace !== true) return;
  const view = existing ?? newRelation(context, statement.view, "view", isTemporary);
  if (view === undefined) return;
  putRelation(world, {
    ...view,
    columns: namedColumns(context, facts, strings(statement.aliases), view.columns),
    view: viewFacts(statement.query, facts, true, view.id),
  });
}

/** CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW. */
export function createTableAs(context: FoldContext, statement: CreateTableAsStmt): void {
  const { world, searchPath } = context;
  const { into, query } = statement;
  const materialized = statement.objtype === "OBJECT_MATVIEW";
  const made = newRelation(context, into?.rel, materialized ? "materialized view" : "table", false);
  if (made === undefined) return;
  const facts = analyzeQuery(query, world, searchPath);
  if (query !== undefined && "ExecuteStmt" in query)
    doubt(context, `the columns of ${made.schema}.${made.name} come from a prepared statement`);
  putRelation(world, {
    ...made,
    columns: namedColumns(context, facts, strings(into?.colNames), []),
    tablespace: into?.tableSpaceName,
    accessMethod: into?.accessMethod ?? "heap",
    onCommit: onCommitOf(into?.onCommit),
    view: materialized ? viewFacts(query, facts, into?.skipData !== true, made.id) : undefined,
  });
}

/** A SELECT that makes a table: SELECT … INTO. */
export function selectInto(
  context: FoldContext,
  query: Extract<Node, { SelectStmt: unknown }>,
): void {
  const { intoClause } = query.SelectStmt;
  if (intoClause !== undefined)
    createTableAs(context, { query, into: intoClause, objtype: "OBJECT_TABLE" });
}

export function refreshView(
  { world }: FoldContext,
  view: Relation | undefined,
  filled: boolean,
): void {
  if (view?.view !== undefined)
    change(world, view.id, { view: { ...view.view, populated: filled } });
}

function newRelation(
  context: FoldContext,
  range: RangeVar | undefined,
  kind: Relation["kind"],
  temporary: boolean,
): Relation | undefined {
  const { world } = context;
  const written = rangeName(range);
  const schema = temporary ? temporarySchema : creationSchema(context, written);
  const name = truncateName(written.name);
  if (world.relations.has(qualifiedName(schema, name))) return undefined;
  if (schema === temporarySchema) world.schemas.add(temporarySchema);
  return emptyRelation(world, kind, schema, name, persistenceOf(range, schema));
}

/** A view of a temporary table is temporary itself (view.c, DefineView). */
function readsTemporary({ world }: FoldContext, facts: QueryFacts): boolean {
  return [...facts.reads.keys()].some((id) => byId(world, id)?.persistence === "temporary");
}

function viewFacts(
  query: Node | undefined,
  facts: QueryFacts,
  populated: boolean,
  own: ObjectId,
): Relation["view"] {
  return {
    query,
    populated,
    // One that is replaced may read itself, of which the server keeps no account.
    reads: [...facts.reads]
      .filter(([relation]) => relation !== own)
      .map(([relation, columns]) => ({ relation, columns: [...columns] })),
  };
}

function namedColumns(
  context: FoldContext,
  facts: QueryFacts,
  names: readonly string[],
  before: readonly WorldColumn[],
): readonly WorldColumn[] {
  return facts.columns.map(({ name, type }, index) => ({
    number: before[index]?.number ?? newId(context.world),
    name: truncateName(names[index] ?? name),
    type: type ?? { schema: undefined, name: "", modifiers: [], array: false },
    collation: undefined,
    notNull: false,
    default: before[index]?.default,
    identity: undefined,
    generated: undefined,
    inherited: false,
    local: true,
    grants: before[index]?.grants ?? [],
    typeKnown: type !== undefined && facts.columnsKnown,
  }));
}
