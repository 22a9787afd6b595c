import type { Table } from "../../../catalog/index.ts";
import { named, tableChange, tableIn, type WrittenName } from "../../lookup.ts";
import { firstMention } from "../../mentions.ts";
import type { NaiveStatement, OperationInput } from "../operation.ts";
import { queryIn, sourceOf } from "./copy.ts";

/** `CREATE TABLE`, what belongs to it, the copy of rows into it, and the columns that are dropped then. */
export interface MoveGroup {
  /** How many statements they are. */
  readonly size: number;
  /** Those that make the new table as it is without rows, in their order. */
  readonly making: readonly NaiveStatement[];
  readonly copy: NaiveStatement;
  readonly drops: readonly NaiveStatement[];
  /** The table that loses columns, before the first. */
  readonly from: Table;
  /** The new table, after the last. */
  readonly to: Table;
  readonly last: NaiveStatement;
}

/** The statements from a `CREATE TABLE` on that move columns to it. */
export function groupOf(input: OperationInput): MoveGroup | undefined {
  const { before, after, searchPath, existed, following } = input;
  const name = nameMade(input);
  const made = name && named(after.tables, name, searchPath);
  if (made === undefined || tableIn(before, made) !== undefined) return undefined;
  const making: NaiveStatement[] = [];
  const drops: NaiveStatement[] = [];
  let copy: NaiveStatement | undefined;
  let from: Table | undefined;
  for (const one of [input, ...following]) {
    const query = queryIn(one.statement.node);
    const isCopy =
      query !== undefined && named(one.after.tables, query.into, searchPath)?.name === made.name;
    if (isCopy) {
      const source = sourceOf(query.query);
      const table = source && named(before.tables, source, searchPath);
      if (copy !== undefined || table === undefined || !existed(table)) break;
      [copy, from] = [one, table];
      if (one === input) making.push(one);
    } else if (isDropOf(one, from, searchPath)) drops.push(one);
    else if (one === input || isOfMade(one, made.name)) making.push(one);
    else break;
  }
  const size = new Set([...making, copy, ...drops]).size;
  const last = [input, ...following][size - 1];
  const to = last && tableIn(last.after, made);
  if (copy === undefined || from === undefined || drops.length === 0) return undefined;
  if (last === undefined || to === undefined) return undefined;
  return { size, making, copy, drops, from, to, last };
}

function nameMade({ statement: { node } }: NaiveStatement): WrittenName | undefined {
  if ("CreateStmt" in node) return node.CreateStmt.relation;
  return "CreateTableAsStmt" in node ? queryIn(node)?.into : undefined;
}

function isDropOf(
  { statement, before }: NaiveStatement,
  from: Table | undefined,
  searchPath: readonly string[],
): boolean {
  const change = tableChange(statement.node, before, searchPath);
  return (
    from !== undefined &&
    change?.command.subtype === "AT_DropColumn" &&
    change.table.schema === from.schema &&
    change.table.name === from.name
  );
}

/** What makes the new table whole and may be done before it has rows. */
function isOfMade({ statement, effect }: NaiveStatement, name: string): boolean {
  const { node } = statement;
  const isPart =
    ("AlterTableStmt" in node && node.AlterTableStmt.relation?.relname === name) ||
    ("IndexStmt" in node &&
      node.IndexStmt.relation?.relname === name &&
      node.IndexStmt.concurrent !== true) ||
    "CommentStmt" in node ||
    "GrantStmt" in node ||
    "CreatePolicyStmt" in node;
  return (
    isPart &&
    effect.failures.every(({ when }) => when !== "in-transaction") &&
    firstMention([{ statement }], name) !== undefined
  );
}
