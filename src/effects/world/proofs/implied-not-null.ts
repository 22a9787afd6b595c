import type { Node } from "@pgsql/types";
import type { WorldConstraint } from "../model.ts";
import { strings } from "../nodes.ts";

/**
 * True when a valid CHECK proves that the column holds no null, so that Postgres does not look at the rows
 * (tablecmds.c, NotNullImpliedByRelConstraints; predtest.c).
 */
export function provesNotNull(constraints: readonly WorldConstraint[], column: string): boolean {
  return constraints.some(
    (constraint) =>
      constraint.kind === "check" && constraint.valid && isNotNullIf(constraint.expression, column),
  );
}

/** True when the column is not null wherever the expression is not false. */
export function isNotNullIf(node: Node | undefined, column: string): boolean {
  if (node === undefined) return false;
  if ("NullTest" in node)
    return node.NullTest.nulltesttype === "IS_NOT_NULL" && isColumn(node.NullTest.arg, column);
  if ("A_Expr" in node)
    return node.A_Expr.kind === "AEXPR_DISTINCT" && comparesWithNull(node.A_Expr, column);
  if (!("BoolExpr" in node)) return false;
  const { boolop, args = [] } = node.BoolExpr;
  if (boolop === "AND_EXPR") return args.some((arg) => isNotNullIf(arg, column));
  if (boolop === "OR_EXPR") return args.every((arg) => isNotNullIf(arg, column));
  return isNotNullUnless(args[0], column);
}

/** True when the column is not null wherever the expression is not true. */
function isNotNullUnless(node: Node | undefined, column: string): boolean {
  if (node === undefined) return false;
  if ("NullTest" in node)
    return node.NullTest.nulltesttype === "IS_NULL" && isColumn(node.NullTest.arg, column);
  if ("A_Expr" in node)
    return node.A_Expr.kind === "AEXPR_NOT_DISTINCT" && comparesWithNull(node.A_Expr, column);
  if (!("BoolExpr" in node)) return false;
  const { boolop, args = [] } = node.BoolExpr;
  if (boolop === "AND_EXPR") return args.every((arg) => isNotNullUnless(arg, column));
  if (boolop === "OR_EXPR") return args.some((arg) => isNotNullUnless(arg, column));
  return isNotNullIf(args[0], column);
}

function comparesWithNull(
  { lexpr, rexpr }: { readonly lexpr?: Node; readonly rexpr?: Node },
  column: string,
): boolean {
  return (isColumn(lexpr, column) && isNull(rexpr)) || (isNull(lexpr) && isColumn(rexpr, column));
}

function isColumn(node: Node | undefined, column: string): boolean {
  return (
    node !== undefined && "ColumnRef" in node && strings(node.ColumnRef.fields).at(-1) === column
  );
}

/** True for a NULL that is written out, cast or not. */
export function isNull(node: Node | undefined): boolean {
  if (node === undefined) return false;
  if ("TypeCast" in node) return isNull(node.TypeCast.arg);
  return "A_Const" in node && node.A_Const.isnull === true;
}
