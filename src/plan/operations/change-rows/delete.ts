import { qualifiedName, type Table } from "../../../catalog/index.ts";
import { deletion } from "../../../backfill/index.ts";
import { quoteIdent, type ParseNode } from "../../../sql/index.ts";
import { fillObstacle } from "../../fillable.ts";
import { turnedOff } from "./turned-off.ts";
import { named, sqlName } from "../../lookup.ts";
import type { PlannedOperation, Step } from "../../model.ts";
import type { OperationInput, Recognised, Refusal } from "../operation.ts";
import { clausesOf } from "./clauses.ts";
import { betweenMigrations, lineThatNeedsRows } from "./needed-rows.ts";
import { readsQuery } from "./unasked.ts";
import { ownSources, readOnce, refusedAtEnd, repeated, sourceNames } from "./fill.ts";
import { askedAnew, queryForRow } from "./other-rows.ts";

/** `DELETE` of one row or of many: in batches, where each row tells for itself whether it goes; and `MERGE`. */
export function deleteRows(input: OperationInput): Recognised | Refusal | undefined {
  const { statement, before, existed, searchPath } = input;
  const { node } = statement;
  const [word, relation] =
    "DeleteStmt" in node
      ? ["DELETE", node.DeleteStmt.relation]
      : "MergeStmt" in node
        ? ["MERGE", node.MergeStmt.relation]
        : ["", undefined];
  const table = relation && named(before.tables, relation, searchPath);
  if (table === undefined || !existed(table)) return undefined;
  const title = `${word} of rows of ${sqlName(table)}`;
  const planned = "DeleteStmt" in node ? deletedInBatches(input, table, node.DeleteStmt) : "";
  if (typeof planned !== "string") return { title, planned };
  const batches = `in batches that commit each: DELETE FROM ${sqlName(table)} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${sqlName(table)} WHERE … LIMIT 1000)), repeated until it deletes none`;
  const line = lineThatNeedsRows(input, table, undefined);
  const because = planned === "" ? "" : `, and no batches are the same: ${planned}`;
  return {
    title,
    refused: {
      why: `${word} changes rows in one transaction, so that every writer of one of them waits until it ends${because}`,
      instead: [
        line === undefined
          ? `after the contract phase, ${batches}`
          : betweenMigrations(line, batches),
        "for all rows of an old period: a partition that is detached and dropped",
      ],
    },
  };
}

type Delete = Extract<ParseNode, { DeleteStmt: unknown }>["DeleteStmt"];

/** @returns why there is no way */
function deletedInBatches(
  input: OperationInput,
  table: Table,
  { relation, withClause, returningClause, whereClause }: Delete,
): PlannedOperation | string {
  const { statement, before, start, searchPath, major } = input;
  if (withClause !== undefined)
    return "which rows it means is computed by queries of its own in front of it (WITH)";
  if (returningClause !== undefined) return "it returns the rows (RETURNING), which batches do not";
  if (relation?.inh !== true) return "DELETE FROM ONLY leaves out children, a fill does not";
  if (whereClause !== undefined && "CurrentOfExpr" in whereClause) return "it means a cursor's row";
  const obstacle = turnedOff(input, table) ?? fillObstacle(start, table, "CMD_DELETE");
  if (obstacle !== undefined) return obstacle.why;
  const followed = followedBy(input, table);
  if (followed !== undefined) return followed;
  const clauses = clausesOf(statement.sql);
  if (clauses === undefined) return readsQuery;
  const alias = relation.alias?.aliasname ?? relation.relname ?? "";
  const { from, where = "true" } = clauses;
  const query = queryForRow(
    from === undefined ? `SELECT ${where}` : `SELECT FROM ${from} WHERE ${where}`,
    { table, alias, catalog: before, searchPath, major },
  );
  if (typeof query === "string") return query;
  const name = sqlName(table);
  const fill: Step = {
    kind: "fill",
    title: `rows of ${name} go`,
    table,
    set: deletion,
    todo: from === undefined ? `(${query.text.slice("SELECT ".length)})` : `EXISTS (${query.text})`,
    undo: [],
  };
  const again = refusedAtEnd(input, table, query.columns, new Set());
  return {
    settle: [fill],
    rows: { table, writes: new Set(), reads: query.columns },
    narrow: again.length === 0 ? [] : [repeated(fill, name, again)],
    remains: [`deleted rows of ${qualifiedName(table.schema, table.name)}`],
    notes: [
      `rows of ${name} that the migration deletes are gone for the old release too, from the backfill phase on, and an abort does not bring them back`,
      ...(again.length === 0
        ? [`rows of ${name} that the old release writes after they went stay`]
        : []),
      ...(query.sources.length === 0
        ? []
        : [
            `which rows of ${name} go is what ${sourceNames(query.sources)} says when the fill comes by`,
          ]),
      ...askedAnew(query.anew),
    ],
    exemptions: readOnce([...query.sources, ...ownSources(table, new Set(), query.columns)]),
  };
}

/** What else would go or change with each row. */
function followedBy({ before }: OperationInput, { schema, name }: Table): string | undefined {
  const own = qualifiedName(schema, name);
  for (const table of Object.values(before.tables))
    for (const key of table.constraints)
      if (
        key.kind === "foreign-key" &&
        key.references.table === own &&
        key.onDelete !== "no-action" &&
        key.onDelete !== "restrict"
      )
        return `rows of ${sqlName(table)} go or change with each row, any number of them, by ${quoteIdent(key.name)}`;
  return undefined;
}
