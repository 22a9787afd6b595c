import type { Column, Table } from "../../../catalog/index.ts";
import { columnIn, named, tableChange, tableIn } from "../../lookup.ts";
import type { NaiveStatement, OperationInput } from "../operation.ts";
import { assignmentsOf, type Assignment } from "./assignments.ts";

/** Statements on one table that together give it other columns for the same facts. */
export interface Group {
  /** How many they are. */
  readonly size: number;
  /** The table before the first and after the last. */
  readonly table: Table;
  readonly tableAfter: Table;
  readonly last: NaiveStatement;
  readonly added: readonly Column[];
  readonly dropped: readonly Column[];
  /** What UPDATEs among them assign. */
  readonly assigned: readonly Assignment[];
}

/**
 * The statement and those right behind it that add, fill and drop columns of its table, up to the last that drops one
 * or fills one.
 */
export function groupOf(input: OperationInput): Group | undefined {
  const { before, searchPath, existed, following } = input;
  const first = tableOf(input, searchPath);
  if (first === undefined || !existed(first)) return undefined;
  const statements: NaiveStatement[] = [];
  const assigned: Assignment[] = [];
  let size = 0;
  for (const one of [input, ...following]) {
    if (tableOf(one, searchPath)?.name !== first.name) break;
    statements.push(one);
    const kind = kindOf(one, searchPath);
    if (kind === undefined) break;
    if (kind === "UPDATE") {
      const found = assignmentsOf(one.statement, `${one.file}:${one.statement.line}`);
      if (found === undefined) break;
      assigned.push(...found);
    }
    if (kind !== "AT_SetNotNull") size = statements.length;
  }
  const last = statements[size - 1];
  const table = tableIn(before, first);
  const tableAfter = last && tableIn(last.after, first);
  if (last === undefined || table === undefined || tableAfter === undefined) return undefined;
  return {
    size,
    table,
    tableAfter,
    last,
    assigned,
    added: tableAfter.columns.filter(({ name }) => columnIn(table, name) === undefined),
    dropped: table.columns.filter(({ name }) => columnIn(tableAfter, name) === undefined),
  };
}

function tableOf(
  { statement: { node }, before }: NaiveStatement,
  searchPath: readonly string[],
): Table | undefined {
  if ("UpdateStmt" in node) {
    const { relation } = node.UpdateStmt;
    return relation && named(before.tables, relation, searchPath);
  }
  return tableChange(node, before, searchPath)?.table;
}

function kindOf(
  { statement: { node }, before }: NaiveStatement,
  searchPath: readonly string[],
): string | undefined {
  if ("UpdateStmt" in node) return "UPDATE";
  const subtype = tableChange(node, before, searchPath)?.command.subtype;
  return subtype !== undefined && changes.has(subtype) ? subtype : undefined;
}

const changes: ReadonlySet<string> = new Set(["AT_AddColumn", "AT_DropColumn", "AT_SetNotNull"]);
