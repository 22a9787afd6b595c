import type { CommonTableExpr, Node, RangeVar, SelectStmt, WithClause } from "@pgsql/types";
import type { LockMode } from "../../lock-modes.ts";
import { byId, type Relation } from "../../world/index.ts";
import { walk } from "../../world/expressions.ts";
import { rangeName, strings } from "../../world/nodes.ts";
import { isSystemName, target } from "../names.ts";
import { callFunction } from "./call-function.ts";
import { reaches, type QueryContext } from "./context.ts";
import { planTable } from "./plan-table.ts";

/** What the queries, tables and function calls anywhere in a tree do. */
export function visitQuery(context: QueryContext, tree: unknown): void {
  walk(tree, (node) => {
    if ("SelectStmt" in node) {
      select(context, node.SelectStmt, "AccessShare");
      return false;
    }
    if (isChange(node)) {
      context.changeRows(context, node);
      return false;
    }
    if ("RangeVar" in node) {
      readTable(context, node.RangeVar, "AccessShare", undefined);
      return false;
    }
    if ("FuncCall" in node) callFunction(context, node.FuncCall);
    return true;
  });
}

export function isChange(node: Node): boolean {
  return (
    "InsertStmt" in node || "UpdateStmt" in node || "DeleteStmt" in node || "MergeStmt" in node
  );
}

/**
 * Visits the WITH queries of a statement; gives the context in which they can be seen. One that nothing refers to is not
 * planned unless it changes rows (manual 7.8).
 */
export function withQueries(
  context: QueryContext,
  clause: WithClause | undefined,
  statement: object,
): QueryContext {
  const queries = (clause?.ctes ?? []).flatMap((node) =>
    "CommonTableExpr" in node ? [node.CommonTableExpr] : [],
  );
  if (queries.length === 0) return context;
  const used = usedNames(queries, { ...statement, withClause: undefined });
  let scope = context;
  for (const query of queries) {
    const name = query.ctename ?? "";
    const names = new Set([...scope.withNames, name]);
    const inner = clause?.recursive === true ? { ...scope, withNames: names } : scope;
    const node = query.ctequery;
    const runs = used.has(name) || (node !== undefined && isChange(node));
    visitQuery(runs ? inner : { ...inner, depth: "parsed" }, node);
    scope = { ...scope, withNames: names };
  }
  return scope;
}

/** Names of the WITH queries that the statement refers to, also through one another. */
function usedNames(queries: readonly CommonTableExpr[], statement: object): ReadonlySet<string> {
  const used = referredNames(statement);
  for (const name of used)
    for (const query of queries)
      if (query.ctename === name)
        for (const other of referredNames(query.ctequery)) used.add(other);
  for (const query of queries)
    if (query.ctequery !== undefined && isChange(query.ctequery))
      for (const name of referredNames(query.ctequery)) used.add(name);
  return used;
}

function referredNames(tree: unknown): Set<string> {
  const found = new Set<string>();
  walk(tree, (node) => {
    if ("RangeVar" in node && node.RangeVar.schemaname === undefined)
      found.add(node.RangeVar.relname ?? "");
  });
  return found;
}

/** A SELECT or VALUES; `mode` is RowShare when an outer FOR UPDATE reaches into it. */
function select(context: QueryContext, statement: SelectStmt, mode: LockMode): void {
  const inner = withQueries(context, statement.withClause, statement);
  const { larg, rarg, fromClause, lockingClause } = statement;
  if (larg !== undefined) select(inner, larg, mode);
  if (rarg !== undefined) select(inner, rarg, mode);
  const locked = lockedNames(lockingClause);
  for (const item of fromClause ?? [])
    fromItem(inner, item, {
      where: statement.whereClause,
      modeOf: (name) => (locked === "all" || locked.has(name) ? "RowShare" : mode),
    });
  for (const field of expressionFields) visitQuery(inner, statement[field]);
}

const expressionFields = [
  "distinctClause",
  "targetList",
  "whereClause",
  "groupClause",
  "havingClause",
  "windowClause",
  "valuesLists",
  "sortClause",
  "limitOffset",
  "limitCount",
] as const;

interface FromOptions {
  readonly where: Node | undefined;
  /** Lock mode of an item by its alias, or its name without one. */
  readonly modeOf: (name: string) => LockMode;
}

/** What FOR UPDATE and its like lock: the items named after OF, or all of the FROM list. */
function lockedNames(clause: readonly Node[] | undefined): ReadonlySet<string> | "all" {
  const names = new Set<string>();
  for (const node of clause ?? []) {
    if (!("LockingClause" in node)) continue;
    const rels = node.LockingClause.lockedRels ?? [];
    if (rels.length === 0) return "all";
    for (const rel of rels) if ("RangeVar" in rel) names.add(rel.RangeVar.relname ?? "");
  }
  return names;
}

function fromItem(context: QueryContext, node: Node, options: FromOptions): void {
  if ("RangeVar" in node) {
    const name = node.RangeVar.alias?.aliasname ?? node.RangeVar.relname ?? "";
    readTable(context, node.RangeVar, options.modeOf(name), options.where);
  } else if ("JoinExpr" in node) {
    const { larg, rarg, quals } = node.JoinExpr;
    // An outer join's own condition and the WHERE prune alike only for inner joins; without it nothing is left out.
    const inner =
      node.JoinExpr.jointype === "JOIN_INNER" ? options : { ...options, where: undefined };
    if (larg !== undefined) fromItem(context, larg, inner);
    if (rarg !== undefined) fromItem(context, rarg, inner);
    visitQuery(context, quals);
  } else if ("RangeSubselect" in node) {
    const { subquery, alias } = node.RangeSubselect;
    if (subquery !== undefined && "SelectStmt" in subquery)
      select(context, subquery.SelectStmt, options.modeOf(alias?.aliasname ?? ""));
  } else if ("RangeTableSample" in node) {
    const { relation, ...rest } = node.RangeTableSample;
    if (relation !== undefined) fromItem(context, relation, options);
    visitQuery(context, rest);
  } else visitQuery(context, node);
}

function readTable(
  context: QueryContext,
  range: RangeVar,
  mode: LockMode,
  where: Node | undefined,
): void {
  const { draft } = context;
  const name = rangeName(range);
  if (name.schema === undefined && context.withNames.has(name.name)) return;
  const relation = target(draft, range);
  if (relation === undefined || isSystemName({ schema: relation.schema, name: relation.name }))
    return;
  if (relation.index !== undefined || relation.kind === "composite type") {
    draft.fail("always", "42809", `cannot open relation "${relation.name}"`);
    return;
  }
  if (
    mode === "RowShare" &&
    (relation.kind === "sequence" || relation.kind === "materialized view")
  ) {
    draft.fail("always", "42809", `cannot lock rows in ${relation.kind} "${relation.name}"`);
    return;
  }
  draft.lock(relation, mode, context.readAs);
  readRelation(context, relation, mode, { only: range.inh !== true, where });
}

/** What follows when a relation that is already locked is read: the sources of a view, the indexes of a table. */
export function readRelation(
  context: QueryContext,
  relation: Relation,
  mode: LockMode,
  options: { readonly only: boolean; readonly where?: Node | undefined },
): void {
  const { draft } = context;
  if (relation.kind === "view") {
    if (reaches(context, "rewritten")) readView(context, relation, mode, new Set());
  } else if (relation.kind === "sequence") return;
  else if (relation.view?.populated === false && reaches(context, "run"))
    draft.fail("always", "55000", `materialized view "${relation.name}" has not been populated`);
  else if (reaches(context, "planned")) planTable(draft, relation, mode, options);
}

/** The relations that a view reads, also through other views, are locked and planned like those of the query itself. */
function readView(context: QueryContext, view: Relation, mode: LockMode, seen: Set<number>): void {
  const { draft } = context;
  if (view.view === undefined || seen.has(view.id)) return;
  seen.add(view.id);
  for (const { relation: id } of view.view.reads) {
    const source = byId(draft.world, id);
    if (source === undefined) {
      draft.unknown(`view ${view.name} reads a relation that is not known`);
      continue;
    }
    draft.lock(source, mode, "view-source");
    if (source.kind === "view") readView(context, source, mode, seen);
    else readRelation(context, source, mode, { only: false });
  }
  if (reaches(context, "run"))
    walk(view.view.query, (node) => {
      if ("FuncCall" in node) callFunction(context, node.FuncCall);
    });
}

/** The names in a list of column names or targets. */
export function targetNames(list: readonly Node[] | undefined): readonly string[] {
  return (list ?? []).flatMap((node) =>
    "ResTarget" in node ? [node.ResTarget.name ?? ""] : strings([node]),
  );
}
