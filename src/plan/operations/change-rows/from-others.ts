import type { Column, Table } from "../../../catalog/index.ts";
import { quoteIdent, quoteQualified, type ParseNode } from "../../../sql/index.ts";
import type { FillObstacle } from "../../fillable.ts";
import { columnIn } from "../../lookup.ts";
import type { PlannedOperation } from "../../model.ts";
import type { OperationInput } from "../operation.ts";
import { clausesOf } from "./clauses.ts";
import { differs, freshAndEmpty, ownSources, plannedFill, type RowFill } from "./fill.ts";
import { askedAnew, queryForRow, type ChangedTable } from "./other-rows.ts";
import { readsOwnRows, readsOwnTable, readsQuery } from "./unasked.ts";
import { visitsEach } from "./visited.ts";

type Update = Extract<ParseNode, { UpdateStmt: unknown }>["UpdateStmt"];

/**
 * `UPDATE … FROM`, or with subqueries: each row asks the other tables for itself, by their indexes. What they hold may
 * change after it, so a new column gets what there is when the fill comes by, and rows that the old release writes
 * later get theirs in the contract phase. A row that several of them match gets what one of them says.
 *
 * @returns why it cannot be done row by row
 */
export function updateFromOthers(
  input: OperationInput,
  table: Table,
  update: Update,
): PlannedOperation | FillObstacle | string {
  const { statement, before, searchPath, major } = input;
  const { targetList = [], fromClause = [], relation } = update;
  const alias = relation?.alias?.aliasname ?? relation?.relname ?? "";
  const columns = targetList.map((target) =>
    "ResTarget" in target && target.ResTarget.indirection === undefined
      ? target.ResTarget.name
      : undefined,
  );
  const changed: ChangedTable = { table, alias, catalog: before, searchPath, major };
  const clauses = clausesOf(statement.sql);
  if (clauses === undefined)
    return fromClause.some((item) => readsOwnTable(item, changed))
      ? readsOwnRows(table)
      : readsQuery;
  const { values, from: source, where } = clauses;
  if (values.length !== columns.length || columns.includes(undefined) || values.includes(undefined))
    return "it assigns several columns at once, or a default";
  const pairs = columns.map((name, n) => ({
    column: columnIn(table, name ?? "")!,
    value: values[n]!,
  }));
  const isJoined = source !== undefined;
  const tail = `${isJoined ? ` FROM ${source}` : ""}${where === undefined ? "" : ` WHERE ${where}`}`;
  // What may be several rows is one of them, as in an UPDATE; which one is chance, another time another one.
  const one = isJoined ? " LIMIT 1" : "";
  const becomes = pairs.map(({ column, value }) => `(${value})::${bareType(column)}`);
  const set = queryForRow(`SELECT ${becomes.join(", ")}${tail}`, changed);
  if (typeof set === "string") return set;
  const own = new Set(pairs.map(({ column }) => column.name));
  const read = [...set.computedFrom].filter((name) => own.has(name));
  if (read.length > 0)
    return `it reads ${read.map(quoteIdent).join(", ")}, which it changes: a row that is done twice may be wrong, and it is not known which rows are done`;
  const isLeft = pairs.map(({ column, value }) =>
    differs(`${quoteIdent(alias)}.${quoteIdent(column.name)}`, `(${value})`, column),
  );
  const differsFromOne = isLeft.join(" OR ");
  // A row is done that holds what any of them says. Without any it is not meant.
  const differsFromAll = isJoined ? `pg_catalog.bool_and(${differsFromOne})` : differsFromOne;
  const todo = queryForRow(`SELECT ${differsFromAll}${tail}`, changed);
  if (typeof todo === "string") return todo;
  const isOnce = visitsEach(input, table, own, true);
  if (typeof isOnce === "object") return isOnce;
  const meant = isJoined
    ? queryForRow(`SELECT${tail}`, changed)
    : queryForRow(`SELECT ${where ?? "true"}`, changed);
  if (typeof meant === "string") return meant;
  const names = pairs.map(({ column }) => quoteIdent(column.name)).join(", ");
  const fill: RowFill = {
    table,
    set: `${pairs.length === 1 ? names : `(${names})`} = (${set.text}${one})`,
    todo: `(${todo.text})`,
    meant: isJoined ? `EXISTS (${meant.text})` : `(${meant.text.slice("SELECT ".length)})`,
    isOnce,
    changed: own,
    read: set.columns,
    sources: [...set.sources, ...ownSources(table, own, set.columns)],
  };
  const planned = plannedFill(input, fill, freshAndEmpty(input, table, own));
  return { ...planned, notes: [...(planned.notes ?? []), ...askedAnew(todo.anew)] };
}

/** The type without its length: an assignment cuts nothing off, a cast does. */
function bareType({ type }: Column): string {
  return `${quoteQualified(type.schema, type.name)}${type.array ? "[]" : ""}`;
}
