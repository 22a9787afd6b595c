import type { Table } from "../../../catalog/index.ts";
import { isLockstepError } from "../../../errors/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import { fillObstacle } from "../../fillable.ts";
import { columnIn, named, sqlName } from "../../lookup.ts";
import { updateTriggers } from "../../update-triggers.ts";
import type { OperationInput, Recognised, Refusal } from "../operation.ts";
import { rowUpdate, type RowUpdate } from "./assignments.ts";
import { readsOthers } from "./clauses.ts";
import { differs, freshAndEmpty, ownSources, plannedFill, type RowFill } from "./fill.ts";
import { updateFromOthers } from "./from-others.ts";
import { betweenMigrations, lineThatNeedsRows } from "./needed-rows.ts";
import { leavesBehind } from "./left-behind.ts";
import { isIdempotentOver, isNeverNull, isSteady } from "./repeatable.ts";
import { turnedOff } from "./turned-off.ts";
import { visitsEach } from "./visited.ts";

/**
 * An `UPDATE` of one row or of many: a fill in batches, where that is provably the same. No row is computed from
 * others of its table, and one that is done no longer matches.
 */
export async function updateRows(input: OperationInput): Promise<Recognised | Refusal | undefined> {
  const { statement, before, existed, searchPath, file } = input;
  const { node, line } = statement;
  if (!("UpdateStmt" in node) || node.UpdateStmt.relation === undefined) return undefined;
  const { relation, withClause, returningClause } = node.UpdateStmt;
  const table = named(before.tables, relation, searchPath);
  if (table === undefined || !existed(table)) return undefined;
  const title = `rows of ${sqlName(table)} changed`;
  const assigned = (node.UpdateStmt.targetList ?? []).flatMap((target) =>
    "ResTarget" in target && target.ResTarget.name !== undefined ? [target.ResTarget.name] : [],
  );
  const refused = (why: string): Refusal => ({
    title,
    refused: { why, instead: insteadOf(input, table, new Set(assigned)) },
  });
  if (withClause !== undefined)
    return refused("what a row becomes is computed by queries of its own in front of it (WITH)");
  if (returningClause !== undefined)
    return refused("it returns the rows (RETURNING), which batches do not");
  if (relation.inh !== true) return refused("UPDATE ONLY leaves out children, a fill does not");
  const obstacle =
    turnedOff(input, table) ?? fillObstacle(input.start, table, "CMD_UPDATE", new Set(assigned));
  if (readsOthers(node.UpdateStmt)) {
    if (obstacle !== undefined) return { title, refused: obstacle };
    const planned = updateFromOthers(input, table, node.UpdateStmt);
    if (typeof planned === "string") return refused(planned);
    return "why" in planned ? { title, refused: planned } : { title, planned };
  }
  const name = relation.alias?.aliasname ?? relation.relname ?? "";
  let update: RowUpdate | undefined;
  try {
    update = await rowUpdate(statement, name, `${file}:${line}`);
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    return refused(error.message);
  }
  if (update === undefined) return refused("it assigns several columns at once, or a default");
  if (obstacle !== undefined) return { title, refused: obstacle };
  const todo = todoOf(input, table, update);
  if ("why" in todo) return refused(todo.why);
  const { assignments, where } = update;
  const set = assignments.map(({ column, value }) => `${quoteIdent(column)} = ${value.over("t")}`);
  const changed = new Set(assignments.map(({ column }) => column));
  const read = new Set([
    ...(where?.columns ?? []),
    ...assignments.flatMap(({ value }) => [...value.columns]),
  ]);
  const sources = ownSources(table, changed, read);
  const { skips, ...conditions } = todo;
  const isOnce = visitsEach(input, table, changed, skips);
  if (typeof isOnce === "object") return { title, refused: isOnce };
  const fill: RowFill = {
    table,
    set: set.join(", "),
    ...conditions,
    isOnce,
    changed,
    read,
    sources,
  };
  const late = sources.length === 0 ? [] : freshAndEmpty(input, table, changed);
  const planned = plannedFill(input, fill, late);
  // Where triggers may write something else, a row that is done looks as if it were not.
  const mayChange = updateTriggers(before, table, changed).some((one) => one.mayChange);
  const rows = { table, writes: changed, reads: read, ...(mayChange ? {} : { left: fill.todo }) };
  return { title, planned: { ...planned, rows } };
}

function insteadOf(
  input: OperationInput,
  table: Table,
  changed: ReadonlySet<string>,
): readonly string[] {
  const batches = "in batches of your own that commit each: UPDATE … WHERE key > … AND key <= …";
  const line = lineThatNeedsRows(input, table, changed);
  return [
    line === undefined ? `after the contract phase, ${batches}` : betweenMigrations(line, batches),
    "for a column that is computed from others of its row: lines `-- lockstep: column = expression` (docs/plan-directives.md), which keep both in step",
  ];
}

/** Conditions over the alias `t`, and whether that of what is still to be done leaves out some rows that are meant. */
function todoOf(
  { major, searchPath }: OperationInput,
  table: Table,
  { assignments, where, whereTree }: RowUpdate,
): (Pick<RowFill, "todo" | "meant"> & { readonly skips: boolean }) | { readonly why: string } {
  if (whereTree !== undefined && !isSteady(whereTree, major, searchPath))
    return {
      why: "which rows its WHERE means depends on the moment, or on a function whose results are not known to stay the same; write the moment down as a constant",
    };
  const changed = new Set(assignments.map(({ column }) => column));
  const untold = [...(where?.columns ?? [])].some((name) => changed.has(name))
    ? "it is not known whether a row that is done is still one that its WHERE means"
    : "nothing tells which rows are done";
  const meant = where?.over("t") ?? "true";
  if (leavesBehind(whereTree, assignments, table)) return { todo: meant, meant, skips: false };
  for (const { column, tree, value } of assignments) {
    if (!isSteady(tree, major, searchPath)) {
      const wouldTell =
        columnIn(table, column)?.nullable === true
          ? `; WHERE ${quoteIdent(column)} IS NULL would${isNeverNull(tree, table) ? "" : ", if the value could not be NULL: coalesce(…, a constant)"}`
          : "";
      return {
        why: `${quoteIdent(column)} gets another value each time, and ${untold}${wouldTell}`,
      };
    }
    const own = [...value.columns].filter((name) => changed.has(name));
    if (own.length > 0 && !isIdempotentOver(tree, column, changed))
      return {
        why: `${quoteIdent(column)} is computed from ${own.map(quoteIdent).join(", ")}, which the statement changes: a row that is done twice may be wrong, and ${untold}`,
      };
  }
  const anyDiffers = assignments.map(({ column, value }) =>
    differs(`t.${quoteIdent(column)}`, value.over("t"), columnIn(table, column)!),
  );
  const isLeft = `(${anyDiffers.join(" OR ")})`;
  return {
    todo: where === undefined ? isLeft : `${meant} AND ${isLeft}`,
    meant,
    skips: true,
  };
}
