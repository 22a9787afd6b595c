import type { Node, SelectStmt } from "@pgsql/types";
import { quoteLiteral, type Statement } from "../../sql/index.ts";
import { constantText, strings } from "../world/nodes.ts";
import { formatText } from "./format-text.ts";
import { quoteIfNeeded } from "./quote-if-needed.ts";

/** A value that is known before the program runs: a text, or the texts of a one-dimensional array. */
export type Constant = string | readonly string[];

/** Constants by the name of the variable that holds them; fields of records as `record.field`. */
export type Bindings = ReadonlyMap<string, Constant>;

/**
 * The text that an expression gives when it is made of constants only: strings joined by `||` or `concat`, `format`,
 * `quote_ident`, `quote_literal`, `lower`, `upper`, and variables that hold such. Undefined for anything else.
 */
export function constantOf(node: Node | undefined, bindings: Bindings): string | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return constantOf(node.TypeCast.arg, bindings);
  if ("ColumnRef" in node) {
    const value = bindings.get(strings(node.ColumnRef.fields).join("."));
    return typeof value === "string" ? value : undefined;
  }
  if ("A_Expr" in node) {
    const { kind, name, lexpr, rexpr } = node.A_Expr;
    if (kind !== "AEXPR_OP" || strings(name).at(-1) !== "||") return undefined;
    const [left, right] = [constantOf(lexpr, bindings), constantOf(rexpr, bindings)];
    return left === undefined || right === undefined ? undefined : left + right;
  }
  if ("FuncCall" in node) {
    const { funcname, args = [] } = node.FuncCall;
    const values = args.map((argument) => constantOf(argument, bindings));
    if (values.length === 0 || values.includes(undefined)) return undefined;
    return call(strings(funcname).at(-1) ?? "", values as string[]);
  }
  return constantText(node);
}

const textFunctions: Readonly<Record<string, (first: string) => string>> = {
  quote_ident: quoteIfNeeded,
  quote_literal: quoteLiteral,
  lower: (text) => text.toLowerCase(),
  upper: (text) => text.toUpperCase(),
};

function call(name: string, values: readonly string[]): string | undefined {
  const [first = "", ...rest] = values;
  if (name === "format") return formatText(first, rest);
  if (name === "concat") return values.join("");
  return values.length === 1 ? textFunctions[name]?.(first) : undefined;
}

/** The elements of an array of constants: `ARRAY['a', 'b']`, `'{a,b}'::text[]`, or a variable that holds one. */
export function constantArray(
  node: Node | undefined,
  bindings: Bindings,
): readonly string[] | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) {
    const { arg, typeName } = node.TypeCast;
    const text = constantText(arg);
    if (text === undefined) return constantArray(arg, bindings);
    return (typeName?.arrayBounds ?? []).length > 0 ? arrayLiteral(text) : undefined;
  }
  if ("ColumnRef" in node) {
    const value = bindings.get(strings(node.ColumnRef.fields).join("."));
    return typeof value === "string" ? undefined : value;
  }
  if (!("A_ArrayExpr" in node)) return undefined;
  const items = (node.A_ArrayExpr.elements ?? []).map((item) => constantOf(item, bindings));
  return items.includes(undefined) ? undefined : (items as string[]);
}

/** Elements of an array literal without quotes, escapes, NULL and inner arrays (manual 8.15.2). */
function arrayLiteral(text: string): readonly string[] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) return undefined;
  const inner = trimmed.slice(1, -1);
  if (inner.trim() === "") return [];
  const items = inner.split(",").map((item) => item.trim());
  const isPlain = items.every(
    (item) =>
      item !== "" &&
      item.toUpperCase() !== "NULL" &&
      !['"', "\\", "{", "}"].some((special) => item.includes(special)),
  );
  return isPlain ? items : undefined;
}

/** What a variable that is assigned this expression holds then. */
export function constantValue(node: Node | undefined, bindings: Bindings): Constant | undefined {
  return constantArray(node, bindings) ?? constantOf(node, bindings);
}

/** The one expression of `SELECT expression`, which reads nothing. */
export function valueOf(statement: Statement | undefined): Node | undefined {
  if (statement === undefined || !("SelectStmt" in statement.node)) return undefined;
  return targetOf(statement.node.SelectStmt);
}

/** The one expression of a SELECT without FROM. */
export function targetOf(select: SelectStmt): Node | undefined {
  const { targetList = [], fromClause, whereClause } = select;
  const [target, ...others] = targetList;
  if (fromClause !== undefined || whereClause !== undefined || others.length > 0) return undefined;
  return target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
}
