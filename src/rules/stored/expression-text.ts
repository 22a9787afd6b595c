import type { A_Const, Node, TypeName } from "@pgsql/types";
import { quoteLiteral } from "../../sql/index.ts";
import { sqlName } from "../sql-names.ts";
import { partsOf } from "../subject.ts";

/**
 * An expression as SQL, for those of which most index expressions and checks are made: calls, columns, constants, casts,
 * comparisons, AND, OR, NOT, IS NULL.
 *
 * @param call the name that a called function is to have in the text
 * @returns undefined for all others
 */
export function expressionText(
  node: Node | undefined,
  call: (name: readonly string[], args: number) => string,
): string | undefined {
  const text = (one: Node | undefined) => expressionText(one, call);
  const all = (nodes: readonly Node[] = []) => {
    const texts = nodes.map(text);
    return texts.every((one) => one !== undefined) ? texts : undefined;
  };
  if (node === undefined) return undefined;
  if ("ColumnRef" in node) {
    const parts = node.ColumnRef.fields ?? [];
    return parts.every((part) => "String" in part)
      ? parts.flatMap(partsOf).map(sqlName).join(".")
      : undefined;
  }
  if ("A_Const" in node) return constantText(node.A_Const);
  if ("TypeCast" in node) {
    const { arg, typeName } = node.TypeCast;
    const [value, type] = [text(arg), typeText(typeName)];
    return value === undefined || type === undefined ? undefined : `(${value})::${type}`;
  }
  if ("FuncCall" in node) {
    const { funcname = [], args = [], ...others } = node.FuncCall;
    const isPlain = Object.keys(others).every((key) => key === "location" || key === "funcformat");
    const values = all(args);
    if (!isPlain || values === undefined) return undefined;
    return `${call(funcname.flatMap(partsOf), args.length)}(${values.join(", ")})`;
  }
  if ("A_Expr" in node) {
    const { kind, name = [], lexpr, rexpr } = node.A_Expr;
    const [left, right] = [text(lexpr), text(rexpr)];
    const [operator, schema] = name.flatMap(partsOf).toReversed();
    if (kind !== "AEXPR_OP" || schema !== undefined || operator === undefined) return undefined;
    return left === undefined || right === undefined ? undefined : `(${left} ${operator} ${right})`;
  }
  if ("BoolExpr" in node) {
    const { boolop, args } = node.BoolExpr;
    const values = all(args);
    if (values === undefined) return undefined;
    if (boolop === "NOT_EXPR") return `(NOT ${values.join("")})`;
    return `(${values.join(boolop === "AND_EXPR" ? " AND " : " OR ")})`;
  }
  if ("NullTest" in node) {
    const value = text(node.NullTest.arg);
    const test = node.NullTest.nulltesttype === "IS_NULL" ? "IS NULL" : "IS NOT NULL";
    return value === undefined ? undefined : `(${value} ${test})`;
  }
  return undefined;
}

function constantText(value: A_Const): string | undefined {
  if (value.isnull === true) return "NULL";
  if (value.sval !== undefined) return quoteLiteral(value.sval.sval ?? "");
  if (value.ival !== undefined) return String(value.ival.ival ?? 0);
  if (value.fval !== undefined) return value.fval.fval;
  if (value.boolval !== undefined) return value.boolval.boolval === true ? "true" : "false";
  return undefined;
}

/** A type without modifiers. */
function typeText(type: TypeName | undefined): string | undefined {
  if (type?.names === undefined || (type.typmods ?? []).length > 0) return undefined;
  const name = type.names.flatMap(partsOf).map(sqlName).join(".");
  return `${name}${(type.arrayBounds ?? []).map(() => "[]").join("")}`;
}
