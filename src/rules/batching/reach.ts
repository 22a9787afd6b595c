import type { A_Expr, Node, RangeVar } from "@pgsql/types";
import { indexesOf, type Relation, type World } from "../../effects/index.ts";
import { partsOf } from "../subject.ts";
import { columnNames, nodesOf } from "../tree-search.ts";
import { conjunctsOf } from "./shrinking.ts";

/**
 * How much of a table a condition can reach, as far as its text shows.
 *
 * - `whole`: no condition, or one that is true for rows of every kind (`x IS NULL`, `x <> 1`, a comparison of columns).
 * - `part`: rows with some value; how many is not in the text.
 * - `few`: bounded by a LIMIT, by the values of a unique key or by a range of it.
 */
export type Reach = "whole" | "part" | "few";

/** Which rows of a table a statement takes. */
export interface Condition {
  readonly where: Node | undefined;
  /** The table as it is named. */
  readonly relation: RangeVar | undefined;
  /** Names of the other relations that it is joined with. */
  readonly joined: ReadonlySet<string>;
}

export function reachOf(condition: Condition, world: World, table: Relation | undefined): Reach {
  const { where } = condition;
  if (where === undefined) return "whole";
  if (nodesOf(where, "SelectStmt").some(({ limitCount }) => limitCount !== undefined)) return "few";
  const parts = conjunctsOf(where);
  const keys = table === undefined ? [] : keyColumns(world, table);
  const columns = new Set(table?.columns.map(({ name }) => name));
  const isValue = (node: Node | undefined) => isConstant(node, columns, condition);
  if (parts.some((part) => namesKey(part, keys, condition, isValue))) return "few";
  if (keys.some((key) => isRange(parts, key, condition, isValue))) return "few";
  return parts.some(isSelective) ? "part" : "whole";
}

/** Columns that alone are a primary key or unique. */
function keyColumns(world: World, table: Relation): readonly string[] {
  const constrained = table.constraints.flatMap((constraint) =>
    constraint.kind === "primary-key" || constraint.kind === "unique" ? [constraint.columns] : [],
  );
  const indexed = indexesOf(world, table.id).flatMap(({ index }) =>
    index?.unique === true && index.predicate === undefined ? [index.columns] : [],
  );
  return [...constrained, ...indexed].flatMap((columns) =>
    columns.length === 1 && columns[0] !== undefined ? [columns[0]] : [],
  );
}

/** `id = 5`, `id IN (1, 2)`, `id = ANY (keys)`, `id BETWEEN 1 AND 1000`. */
function namesKey(
  node: Node,
  keys: readonly string[],
  condition: Condition,
  isValue: IsValue,
): boolean {
  if (!("A_Expr" in node)) return false;
  const { kind, lexpr, rexpr } = node.A_Expr;
  const kinds = ["AEXPR_OP", "AEXPR_IN", "AEXPR_OP_ANY", "AEXPR_BETWEEN"];
  if (!kinds.includes(String(kind))) return false;
  if (kind !== "AEXPR_BETWEEN" && operator(node.A_Expr) !== "=") return false;
  return keys.some(
    (key) =>
      (isKey(lexpr, key, condition) && isValue(rexpr)) ||
      (kind === "AEXPR_OP" && isKey(rexpr, key, condition) && isValue(lexpr)),
  );
}

/** `id > 5 AND id <= 10`: both ends, in two conditions. */
function isRange(
  parts: readonly Node[],
  key: string,
  condition: Condition,
  isValue: IsValue,
): boolean {
  const bounds = parts.flatMap((part) => {
    if (!("A_Expr" in part) || part.A_Expr.kind !== "AEXPR_OP") return [];
    const { lexpr, rexpr } = part.A_Expr;
    const sign = (operator(part.A_Expr) ?? "").charAt(0);
    if (isKey(lexpr, key, condition) && isValue(rexpr)) return [sign];
    if (!isKey(rexpr, key, condition) || !isValue(lexpr)) return [];
    return [sign === "<" ? ">" : sign === ">" ? "<" : sign];
  });
  return bounds.includes("<") && bounds.includes(">");
}

function isKey(node: Node | undefined, key: string, { relation }: Condition): boolean {
  if (node === undefined || !("ColumnRef" in node)) return false;
  const [name, qualifier] = (node.ColumnRef.fields ?? []).flatMap(partsOf).toReversed();
  const own = [undefined, relation?.alias?.aliasname ?? relation?.relname];
  return name === key && own.includes(qualifier);
}

type IsValue = (node: Node | undefined) => boolean;

/** A constant, or what a variable of a block holds; no column of the table or of one that it is joined with. */
function isConstant(
  node: Node | undefined,
  columns: ReadonlySet<string>,
  { joined, relation }: Condition,
): boolean {
  if (node === undefined) return false;
  const own = relation?.alias?.aliasname ?? relation?.relname;
  return nodesOf(node, "ColumnRef").every(({ fields = [] }) => {
    const [name = "", qualifier] = fields.flatMap(partsOf).toReversed();
    if (joined.size > 0 && (qualifier === undefined || joined.has(qualifier))) return false;
    return qualifier === undefined ? !columns.has(name) : qualifier !== own;
  });
}

/** An equality with values, or any condition that is not one of the kinds that most rows meet. */
function isSelective(node: Node): boolean {
  if ("NullTest" in node || "BooleanTest" in node || "ColumnRef" in node) return false;
  if ("A_Const" in node) return node.A_Const.boolval?.boolval !== true;
  if ("BoolExpr" in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === "NOT_EXPR") return false;
    return boolop === "OR_EXPR" ? args.every(isSelective) : args.some(isSelective);
  }
  if (!("A_Expr" in node)) return true;
  const { kind, lexpr, rexpr } = node.A_Expr;
  if (kind === "AEXPR_DISTINCT" || operator(node.A_Expr) === "<>") return false;
  // A comparison of columns with each other, or of constants, says nothing about how many rows meet it.
  const [left, right] = [columnNames(lexpr).size, columnNames(rexpr).size];
  return left + right > 0 && (left === 0 || right === 0);
}

function operator({ name = [] }: A_Expr): string | undefined {
  const [first] = name;
  return first !== undefined && "String" in first ? first.String.sval : undefined;
}
