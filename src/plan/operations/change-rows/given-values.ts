import type { Catalog, Table } from "../../../catalog/index.ts";
import { walk } from "../../../effects/index.ts";
import { parseLoaded, type ParseNode } from "../../../sql/index.ts";
import { columnIn, named, tableIn } from "../../lookup.ts";
import type { TableName } from "../../model.ts";
import type { NaiveStatement, OperationInput } from "../operation.ts";
import { readsOthers } from "./clauses.ts";
import { isNeverNull } from "./repeatable.ts";

/** The statement that adds a column; undefined for one that was there, under whatever name. */
export function addedBy(
  { start, preceding }: Pick<OperationInput, "start" | "preceding">,
  table: TableName,
  column: string,
): NaiveStatement | undefined {
  if (hasColumn(start, table, column)) return undefined;
  const made = preceding.find(
    ({ before, after }) => !hasColumn(before, table, column) && hasColumn(after, table, column),
  );
  return made !== undefined && "AlterTableStmt" in made.statement.node ? made : undefined;
}

/** True for a column that the migration adds with a default: no row holds NULL there, whichever release writes it. */
export function cameWithDefault(
  input: Pick<OperationInput, "start" | "preceding">,
  table: TableName,
  column: string,
): boolean {
  const added = addedBy(input, table, column);
  const made = added && tableIn(added.after, table);
  const value = made && columnIn(made, column)?.default;
  return made !== undefined && value != null && isValue(value, made);
}

/** True for a default that cannot be NULL; false where that is not plain to see. */
export function isValue(value: string, table: Table): boolean {
  const tree = treeOf(value);
  return tree !== undefined && isNeverNull(tree, table);
}

function treeOf(value: string): ParseNode | undefined {
  const [statement] = parseLoaded(`SELECT ${value}`, "default");
  const [target] =
    statement !== undefined && "SelectStmt" in statement.node
      ? (statement.node.SelectStmt.targetList ?? [])
      : [];
  return target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
}

/**
 * True for an UPDATE that gives columns of the migration nothing but the constants that they have as default, from when
 * they come to the end: then every row holds them, whichever release writes it. False where that is not plain to see.
 */
export function givesDefaults(
  input: Pick<OperationInput, "start" | "goal" | "preceding" | "statement">,
  table: TableName,
): boolean {
  const { node } = input.statement;
  const last = tableIn(input.goal, table);
  if (!("UpdateStmt" in node) || last === undefined) return false;
  return (node.UpdateStmt.targetList ?? []).every((target) => {
    if (!("ResTarget" in target)) return false;
    const { name = "", val } = target.ResTarget;
    const added = addedBy(input, table, name);
    const made = added && tableIn(added.after, table);
    const value = (made && columnIn(made, name)?.default) ?? undefined;
    if (value === undefined || columnIn(last, name)?.default !== value) return false;
    const given = constantIn(val);
    const tree = treeOf(value);
    // Postgres prints a constant with its type.
    const own = tree !== undefined && "TypeCast" in tree ? tree.TypeCast.arg : tree;
    return given !== undefined && given === constantIn(own);
  });
}

function constantIn(tree: ParseNode | undefined): string | undefined {
  if (tree === undefined || !("A_Const" in tree)) return undefined;
  const { location: _, ...constant } = tree.A_Const;
  return constant.isnull === true ? undefined : JSON.stringify(constant);
}

function hasColumn(catalog: Catalog, table: TableName, column: string): boolean {
  const found = tableIn(catalog, table);
  return found !== undefined && columnIn(found, column) !== undefined;
}

/** An UPDATE that changes rows where they are, as a fill. */
export interface GivenValue {
  /** What the column gets. */
  readonly value: ParseNode;
  readonly where: ParseNode | undefined;
  /** The table as the statement finds it. */
  readonly table: Table;
  /** False when it reads another table. */
  readonly isOfRow: boolean;
  /** True when all columns that it names are there in the end: then it is done once more in the contract phase. */
  readonly isRepeated: boolean;
}

/** The UPDATEs among some statements that give a column of a table a value. */
export function valuesGiven(
  statements: readonly NaiveStatement[],
  { goal, searchPath }: Pick<OperationInput, "goal" | "searchPath">,
  name: TableName,
  column: string,
): readonly GivenValue[] {
  return statements.flatMap(({ statement: { node }, before, comments }) => {
    // What a directive says is kept in step, not filled once.
    if (!("UpdateStmt" in node) || comments.some((line) => line.startsWith("lockstep:"))) return [];
    const { relation, targetList = [], whereClause: where, withClause } = node.UpdateStmt;
    const table = relation && named(before.tables, relation, searchPath);
    if (table?.schema !== name.schema || table.name !== name.name || withClause !== undefined)
      return [];
    const targets = targetList.flatMap((one) => ("ResTarget" in one ? [one.ResTarget] : []));
    const value = targets.find((target) => target.name === column)?.val;
    const last = tableIn(goal, name);
    if (value === undefined || last === undefined) return [];
    const isOfRow = !readsOthers(node.UpdateStmt);
    const words = [
      ...targets.map((target) => target.name ?? ""),
      ...(isOfRow ? columnsIn([targetList, where]) : []),
    ];
    const isRepeated = words.every((word) => columnIn(last, word) !== undefined);
    return [{ value, where, table, isOfRow, isRepeated }];
  });
}

/** True when no row that holds NULL in the column is left without a value, whenever it is done. */
export function givesEach({ value, where, table, isOfRow }: GivenValue, column: string): boolean {
  const isForAll = where === undefined || isNullTest(where, column);
  return isOfRow && isForAll && isNeverNull(value, table);
}

/** True when it matters to it only whether the column is NULL, if it looks at it at all. */
export function asksOnlyForNull({ value, where, isOfRow }: GivenValue, column: string): boolean {
  const isAbout = where === undefined || isNullTest(where, column);
  const reads = columnsIn([value, isAbout ? undefined : where]);
  return isOfRow && !reads.includes(column);
}

function isNullTest(node: ParseNode, column: string): boolean {
  if (!("NullTest" in node) || node.NullTest.nulltesttype !== "IS_NULL") return false;
  const { arg } = node.NullTest;
  return arg !== undefined && "ColumnRef" in arg && columnsIn(arg)[0] === column;
}

/** Last parts of the columns that a tree names. */
function columnsIn(tree: unknown): readonly string[] {
  const found: string[] = [];
  walk(tree, (node) => {
    if (!("ColumnRef" in node)) return;
    const last = node.ColumnRef.fields?.at(-1);
    if (last !== undefined && "String" in last) found.push(last.String.sval ?? "");
  });
  return found;
}
