import type { A_Expr, Node } from "@pgsql/types";
import { indexesOf, type Relation, type World } from "../../effects/index.ts";
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

export function reachOf(where: Node | undefined, world: World, table: Relation | undefined): Reach {
  if (where === undefined) return "whole";
  if ([...nodesOf(where, "SelectStmt")].some(({ limitCount }) => limitCount !== undefined))
    return "few";
  const parts = conjunctsOf(where);
  const keys = table === undefined ? [] : keyColumns(world, table);
  if (parts.some((part) => namesKey(part, keys))) return "few";
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

/** `id = 5`, `id IN (1, 2)`, `id = ANY (keys)`, `id BETWEEN 1 AND 1000`, `id > 5` with another part as its end. */
function namesKey(node: Node, keys: readonly string[]): boolean {
  if (!("A_Expr" in node)) return false;
  const { kind, lexpr, rexpr } = node.A_Expr;
  if (!isKey(lexpr, keys) || rexpr === undefined) return false;
  const noColumns = [...columnNames(rexpr)].every((name) => !keys.includes(name));
  const kinds = ["AEXPR_OP", "AEXPR_IN", "AEXPR_OP_ANY", "AEXPR_BETWEEN"];
  if (!kinds.includes(String(kind)) || !noColumns) return false;
  return kind === "AEXPR_BETWEEN" || operator(node.A_Expr) === "=";
}

function isKey(node: Node | undefined, keys: readonly string[]): boolean {
  if (node === undefined || !("ColumnRef" in node)) return false;
  const last = node.ColumnRef.fields?.at(-1);
  return last !== undefined && "String" in last && keys.includes(last.String.sval ?? "");
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
  // A comparison of columns with each other says nothing about how many rows meet it.
  return columnNames(lexpr).size === 0 || columnNames(rexpr).size === 0;
}

function operator({ name = [] }: A_Expr): string | undefined {
  const [first] = name;
  return first !== undefined && "String" in first ? first.String.sval : undefined;
}
