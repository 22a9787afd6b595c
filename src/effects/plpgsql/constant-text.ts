import type { Node } from "@pgsql/types";
import { quoteIdent, quoteLiteral } from "../../sql/index.ts";
import { constantText, strings } from "../world/nodes.ts";

/** Values of variables that are known because a loop goes over constants. */
export type Bindings = ReadonlyMap<string, string>;

/**
 * The text that an expression gives when it is made of constants only: strings joined by `||`, `format` with `%I`, `%L`
 * and `%s`, `quote_ident`, `quote_literal`. Undefined for anything else.
 */
export function constantOf(node: Node | undefined, bindings: Bindings): string | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return constantOf(node.TypeCast.arg, bindings);
  if ("ColumnRef" in node) {
    const names = strings(node.ColumnRef.fields);
    return names.length === 1 ? bindings.get(names[0]!) : undefined;
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
    return call(strings(funcname).at(-1), values as string[]);
  }
  return constantText(node);
}

function call(name: string | undefined, [first = "", ...rest]: readonly string[]) {
  if (name === "format") return format(first, rest);
  if (name === "quote_ident") return quoteIdent(first);
  return name === "quote_literal" ? quoteLiteral(first) : undefined;
}

/** `format` without positions, widths and flags (manual 9.4.1). */
function format(pattern: string, values: readonly string[]): string | undefined {
  let result = "";
  let next = 0;
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] !== "%") {
      result += pattern[at];
      continue;
    }
    const kind = pattern[++at];
    if (kind === "%") {
      result += "%";
      continue;
    }
    const value = values[next++];
    if (value === undefined) return undefined;
    if (kind === "s") result += value;
    else if (kind === "I") result += quoteIdent(value);
    else if (kind === "L") result += quoteLiteral(value);
    else return undefined;
  }
  return result;
}
