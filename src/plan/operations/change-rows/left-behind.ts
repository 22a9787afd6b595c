import type { Column, Table } from "../../../catalog/index.ts";
import type { ParseNode } from "../../../sql/index.ts";
import { columnIn } from "../../lookup.ts";
import type { RowAssignment } from "./assignments.ts";
import { isNeverNull } from "./repeatable.ts";

/**
 * True when no row that has got the values still meets the condition, plainly: some part of its outermost AND asks a
 * column for what the constant is not that it gets. Doing it once more then changes nothing.
 */
export function leavesBehind(
  where: ParseNode | undefined,
  assignments: readonly Pick<RowAssignment, "column" | "tree">[],
  table: Table,
): boolean {
  return conjunctsOf(where).some((part) =>
    assignments.some(({ column, tree }) => {
      const own = columnIn(table, column);
      return own !== undefined && isFalseOf(part, own, tree, table);
    }),
  );
}

function conjunctsOf(node: ParseNode | undefined): readonly ParseNode[] {
  if (node === undefined) return [];
  if ("BoolExpr" in node && node.BoolExpr.boolop === "AND_EXPR")
    return (node.BoolExpr.args ?? []).flatMap(conjunctsOf);
  return [node];
}

/** Whether a condition on a column cannot hold where the column has the value. */
function isFalseOf(part: ParseNode, column: Column, value: ParseNode, table: Table): boolean {
  if ("NullTest" in part) {
    const { arg, nulltesttype } = part.NullTest;
    if (!isColumn(arg, column)) return false;
    return nulltesttype === "IS_NULL" ? isNeverNull(value, table) : isNull(value);
  }
  const given = constantOf(value, column);
  if (given === undefined) return false;
  // `WHERE done`, `WHERE NOT done`.
  if (isColumn(part, column)) return given === "false";
  if ("BoolExpr" in part && part.BoolExpr.boolop === "NOT_EXPR")
    return isColumn(part.BoolExpr.args?.[0], column) && given === "true";
  if (!("A_Expr" in part)) return false;
  const { kind, name = [], lexpr, rexpr } = part.A_Expr;
  const [operator] = name;
  const sign = operator !== undefined && "String" in operator ? operator.String.sval : undefined;
  const other = isColumn(lexpr, column) ? rexpr : isColumn(rexpr, column) ? lexpr : undefined;
  if (other === undefined) return false;
  const asked = ("List" in other ? (other.List.items ?? []) : [other]).map((one) =>
    constantOf(one, column),
  );
  if (kind === "AEXPR_DISTINCT" || (kind === "AEXPR_OP" && sign === "<>"))
    return asked.every((one) => one === given);
  return (
    (kind === "AEXPR_OP" || kind === "AEXPR_IN") &&
    sign === "=" &&
    asked.every((one) => one !== undefined && one !== given)
  );
}

/**
 * What a constant says, for a column of a type of which two that say different things are unequal: logical, whole numbers,
 * text that is compared by its bytes.
 */
function constantOf(node: ParseNode, { type, collation }: Column): string | undefined {
  if (type.array || type.schema !== "pg_catalog") return undefined;
  if (!("A_Const" in node) || node.A_Const.isnull === true) return undefined;
  const { ival, sval, boolval } = node.A_Const;
  if (boolval !== undefined && type.name === "bool") return String(boolval.boolval === true);
  if (ival !== undefined && /^int[248]$/.test(type.name)) return String(ival.ival ?? 0);
  const isText = (type.name === "text" || type.name === "varchar") && collation === null;
  // Blanks at the end may be cut off by a length.
  return sval !== undefined && isText && !/\s$/.test(sval.sval ?? "")
    ? (sval.sval ?? "")
    : undefined;
}

function isNull(node: ParseNode): boolean {
  if ("TypeCast" in node) return node.TypeCast.arg !== undefined && isNull(node.TypeCast.arg);
  return "A_Const" in node && node.A_Const.isnull === true;
}

function isColumn(node: ParseNode | undefined, { name }: Column): boolean {
  if (node === undefined || !("ColumnRef" in node)) return false;
  const last = node.ColumnRef.fields?.at(-1);
  return last !== undefined && "String" in last && last.String.sval === name;
}
