import type { DeleteStmt, InsertStmt, Node, UpdateStmt } from "@pgsql/types";
import { columnsIn, partitionsOf, type Relation } from "../../world/index.ts";
import { rangeName } from "../../world/nodes.ts";
import { lockArbiters } from "./arbiters.ts";
import { isBounded } from "./bounded.ts";

import {
  baseOf,
  lockTarget,
  planTarget,
  readSources,
  refuseGenerated,
  refuseSequences,
  type RowEvent,
  type Target,
} from "./change-target.ts";
import type { QueryContext } from "./context.ts";
import { reaches } from "./context.ts";
import { insertedColumns, insertRows, isNull, nullIn } from "./insert-rows.ts";
import { merge } from "./merge.ts";
import { isChange, targetNames, visitQuery, withQueries } from "./read.ts";
import { deleteRows, moveRows, updateRows } from "./row-triggers.ts";

/** What an INSERT, UPDATE, DELETE or MERGE does, also one in a WITH clause. */
export function changeRows(context: QueryContext, node: Node): void {
  if ("InsertStmt" in node) insert(context, node.InsertStmt);
  else if ("UpdateStmt" in node) update(context, node.UpdateStmt);
  else if ("DeleteStmt" in node) remove(context, node.DeleteStmt);
  else if ("MergeStmt" in node) merge(context, node.MergeStmt);
}

const updateToo: readonly RowEvent[] = ["update"];

function insert(context: QueryContext, statement: InsertStmt): void {
  const { draft } = context;
  const inner = withQueries(context, statement.withClause, statement);
  const updates = statement.onConflictClause?.action === "ONCONFLICT_UPDATE";
  refuseConflictClause(inner, statement);
  const found = lockTarget(inner, statement.relation, "insert", ...(updates ? updateToo : []));
  const { relation: _relation, withClause: _with, ...rest } = statement;
  visitQuery(inner, rest);
  if (found === undefined) return;
  const { table, named, below } = found;
  const columns = targetNames(statement.cols);
  if (!knowsColumns(inner, named, columns)) return;
  const conflict = statement.onConflictClause;
  if (conflict?.infer !== undefined && !lockArbiters(inner, table, conflict.infer)) return;
  if (!reaches(context, "run")) return;
  const source = statement.selectStmt;
  const bounded = source === undefined || ("SelectStmt" in source && isFewRows(source.SelectStmt));
  insertRows(inner, table, {
    command: "insert",
    bounded,
    columns: new Set([...insertedColumns(named, columns, source)].map(below)),
    source,
    overriding: statement.override,
    conflict,
  });
  if (conflict?.action === "ONCONFLICT_UPDATE") {
    draft.change(table, "update", bounded);
    updateRows(inner, table, targetNames(conflict.targetList).map(below));
  }
}

/** Rules do not know what to do with rows that are not inserted (rewriteHandler.c, RewriteQuery). */
function refuseConflictClause(
  { draft }: QueryContext,
  { relation: range, onConflictClause }: InsertStmt,
): void {
  const relation = range && baseOf(draft, draft.find(rangeName(range)));
  const isRuled = relation?.rules.some(
    ({ enabled, event }) => enabled && (event === "insert" || event === "update"),
  );
  if (onConflictClause !== undefined && isRuled === true)
    draft.fail(
      "always",
      "0A000",
      "INSERT with ON CONFLICT clause cannot be used with table that has INSERT or UPDATE rules",
    );
}

/** Rows that the text itself holds: VALUES, a SELECT without FROM, or one with a LIMIT. */
function isFewRows(select: {
  readonly fromClause?: readonly Node[];
  readonly limitCount?: Node;
  readonly larg?: unknown;
}): boolean {
  return (select.fromClause ?? []).length === 0 && select.larg === undefined
    ? true
    : select.limitCount !== undefined;
}

/** False, with the failure noted, when the statement names a column that is not there. */
function knowsColumns(
  { draft }: QueryContext,
  table: Relation,
  columns: readonly string[],
): boolean {
  const known = new Set(table.columns.map(({ name }) => name));
  if (known.size === 0 && !draft.knowsAll) return true;
  const unknown = columns.find((name) => !known.has(name));
  if (unknown === undefined) return true;
  draft.missing(`column "${unknown}" of relation "${table.name}"`, "42703");
  return false;
}

function update(context: QueryContext, statement: UpdateStmt): void {
  const { relation, withClause, whereClause, fromClause, targetList } = statement;
  const inner = withQueries(context, withClause, statement);
  const found = lockTarget(inner, relation, "update");
  visitQuery(inner, [targetList, statement.returningClause]);
  readSources(inner, fromClause, whereClause);
  refuseSequences(inner, fromClause ?? []);
  if (found === undefined) return;
  const names = targetNames(targetList);
  if (!knowsColumns(inner, found.named, names) || !reaches(inner, "planned")) return;
  const columns = names.map(found.below);
  for (const table of planTarget(inner, found, whereClause)) {
    if (!reaches(inner, "run") || table.kind === "partitioned table") continue;
    refuseNulls(inner, table, targetList, found.below);
    refuseGenerated(inner, table, targetList, found.below);
    inner.draft.change(
      table,
      "update",
      isChangeBounded(inner, found, statement, whereClause, fromClause),
    );
    updateRows(inner, table, columns);
    if (mayMove(inner, found.table, columns)) moveRows(inner, table);
  }
}

/** Whether rows of a partitioned table may go to another partition, as a key of any level is set. */
function mayMove(
  { draft }: Pick<QueryContext, "draft">,
  { id, partitioning }: Relation,
  columns: readonly string[],
): boolean {
  if (partitioning === undefined) return false;
  const { columns: keys, expressions } = partitioning;
  return (
    [...keys, ...expressions.flatMap(columnsIn)].some((key) => columns.includes(key)) ||
    partitionsOf(draft.world, id).some((partition) => mayMove({ draft }, partition, columns))
  );
}

/** NULL itself for a column that must not be null: rows that are found fail. */
function refuseNulls(
  { draft }: QueryContext,
  table: Relation,
  targets: readonly Node[] | undefined,
  below: Target["below"],
): void {
  for (const node of targets ?? []) {
    if (!("ResTarget" in node) || !isNull(node.ResTarget.val)) continue;
    const name = below(node.ResTarget.name ?? "");
    if (table.columns.some((column) => column.name === name && column.notNull))
      draft.fail("on-rows", "23502", nullIn(name, table.name), table);
  }
}

function remove(context: QueryContext, statement: DeleteStmt): void {
  const { relation, withClause, whereClause, usingClause } = statement;
  const inner = withQueries(context, withClause, statement);
  const found = lockTarget(inner, relation, "delete");
  visitQuery(inner, statement.returningClause);
  readSources(inner, usingClause, whereClause);
  refuseSequences(inner, usingClause ?? []);
  if (found === undefined || !reaches(inner, "planned")) return;
  for (const table of planTarget(inner, found, whereClause)) {
    if (!reaches(inner, "run") || table.kind === "partitioned table") continue;
    inner.draft.change(
      table,
      "delete",
      isChangeBounded(inner, found, statement, whereClause, usingClause),
    );
    deleteRows(inner, table);
  }
}

function isChangeBounded(
  { draft }: QueryContext,
  { table, range }: Target,
  statement: UpdateStmt | DeleteStmt,
  where: Node | undefined,
  from: readonly Node[] | undefined,
): boolean {
  const queries = new Map(
    (statement.withClause?.ctes ?? []).flatMap((node): [string, Node][] => {
      if (!("CommonTableExpr" in node) || node.CommonTableExpr.ctequery === undefined) return [];
      const { ctename = "", ctequery } = node.CommonTableExpr;
      return isChange(ctequery) ? [] : [[ctename, ctequery]];
    }),
  );
  const alias = range.alias?.aliasname ?? rangeName(range).name;
  return isBounded(draft.world, { relation: table, alias }, where, from, queries);
}
