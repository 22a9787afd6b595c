import type { Node } from "@pgsql/types";

/** True for no condition, and for one that is only there to look like one: `WHERE true`, `WHERE 1 = 1`. */
export function isTrue(where: Node | undefined): boolean {
  if (where === undefined) return true;
  if ("A_Const" in where) return where.A_Const.boolval?.boolval === true;
  if (!("A_Expr" in where) || where.A_Expr.kind !== "AEXPR_OP") return false;
  const { name: [operator] = [], lexpr, rexpr } = where.A_Expr;
  const isEqual = operator !== undefined && "String" in operator && operator.String.sval === "=";
  const [left, right] = [integer(lexpr), integer(rexpr)];
  return isEqual && left !== undefined && left === right;
}

function integer(node: Node | undefined): number | undefined {
  if (node === undefined || !("A_Const" in node) || node.A_Const.ival === undefined)
    return undefined;
  return node.A_Const.ival.ival ?? 0;
}
