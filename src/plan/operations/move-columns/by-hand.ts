import { columnsIn } from "../../../effects/index.ts";
import { quoteIdent, type ParseNode } from "../../../sql/index.ts";
import { named, sqlName, tableChange, type WrittenName } from "../../lookup.ts";
import { firstMention } from "../../mentions.ts";
import type { NaiveStatement, OperationInput, Refusal } from "../operation.ts";

/**
 * Columns that move to a table in another way than to a new one that is made, filled and left at once: `INSERT … SELECT`
 * or `UPDATE … FROM`, then `DROP COLUMN`. Rows of a table that is there are not one for one those of the other, so that
 * nothing tells what a write of either release means for the other.
 */
export function moveByHand(input: OperationInput): Refusal | undefined {
  const { statement, before, following, existed, searchPath } = input;
  const copy = copyOf(statement.node);
  const target = copy && named(before.tables, copy.target, searchPath);
  if (copy === undefined || target === undefined) return undefined;
  const read = new Set(columnsIn(copy.source));
  const gone = following.flatMap((one) => droppedColumn(one, input) ?? []);
  const moved = gone.filter(
    ({ table, column }) =>
      existed(table) &&
      (table.schema !== target.schema || table.name !== target.name) &&
      firstMention([{ statement }], table.name) !== undefined &&
      (read.has(column) || read.has("*")),
  );
  const [first] = moved;
  if (first === undefined) return undefined;
  const from = sqlName(first.table);
  const columns = moved
    .filter(({ table }) => sqlName(table) === from)
    .map(({ column }) => quoteIdent(column))
    .join(", ");
  const own = new Set(copy.values.flatMap(columnsIn));
  const isCopied = own.has("*") || moved.some(({ column }) => own.has(column));
  const name = sqlName(target);
  return {
    title: isCopied
      ? `move ${columns} of ${from} to ${name}`
      : `rows for ${name} by what ${columns} of ${from} says`,
    refused: {
      why: `${
        isCopied
          ? `what the old release writes to ${columns} of ${from} after the copy would not reach ${name}, and what the new release writes there would not reach the old one`
          : `${columns} of ${from} decides which rows ${name} gets, and goes in the same migration: what the old release writes to it afterwards would change nothing in ${name}, and what the new release writes there would not reach the old one`
      }: triggers keep two tables in step only where the second is made for it: CREATE TABLE with a foreign key to the first, INSERT … SELECT … WHERE, DROP COLUMN, one behind the other`,
      instead: [
        `let a release write both ${from} and ${sqlName(target)} and read ${from}; copy the rows then (ON CONFLICT DO NOTHING), let the next release read ${sqlName(target)}, and drop the columns in a migration of their own`,
        "or run it in a maintenance window: lockstep check says what it locks, lockstep rehearse for how long",
      ],
    },
  };
}

/** `INSERT … SELECT`, or `UPDATE … FROM`. */
function copyOf(node: ParseNode): Copy | undefined {
  if ("InsertStmt" in node) {
    const { relation, selectStmt } = node.InsertStmt;
    const values =
      selectStmt !== undefined && "SelectStmt" in selectStmt
        ? (selectStmt.SelectStmt.targetList ?? [selectStmt])
        : [];
    return relation && selectStmt && { target: relation, source: selectStmt, values };
  }
  if (!("UpdateStmt" in node) || node.UpdateStmt.fromClause === undefined) return undefined;
  const { relation, targetList = [] } = node.UpdateStmt;
  return relation && { target: relation, source: node, values: targetList };
}

interface Copy {
  readonly target: WrittenName;
  readonly source: ParseNode;
  /** What the columns of the target get. */
  readonly values: readonly ParseNode[];
}

function droppedColumn(one: NaiveStatement, { searchPath }: OperationInput) {
  const change = tableChange(one.statement.node, one.before, searchPath);
  if (change?.command.subtype !== "AT_DropColumn") return undefined;
  return { table: change.table, column: change.command.name ?? "" };
}
