import type { A_Expr, Node } from "@pgsql/types";
import { constantText, strings } from "../../world/nodes.ts";

/** `column operator constant`, as found among the conditions that must all hold. */
export interface Comparison {
  readonly column: string;
  /** Table or alias written before the column. */
  readonly qualifier: string | undefined;
  readonly operator: string;
  /** One for a comparison, several for `IN` and `= ANY (ARRAY[…])`. */
  readonly values: readonly string[];
}

/** The conditions of a WHERE that must all hold. */
export function conjuncts(where: Node | undefined): readonly Node[] {
  if (where === undefined) return [];
  if ("BoolExpr" in where && where.BoolExpr.boolop === "AND_EXPR")
    return (where.BoolExpr.args ?? []).flatMap(conjuncts);
  return [where];
}

/** Comparisons of a column with constants among the conditions that must all hold. */
export function comparisons(where: Node | undefined): readonly Comparison[] {
  return conjuncts(where).flatMap((node) => ("A_Expr" in node ? compare(node.A_Expr) : []));
}

/** The operator with its sides exchanged. */
const mirrored: Readonly<Record<string, string>> = {
  "=": "=",
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
};

function compare({ kind, name, lexpr, rexpr }: A_Expr): readonly Comparison[] {
  const operator = strings(name).at(-1) ?? "";
  const column = columnOf(lexpr);
  if (kind === "AEXPR_BETWEEN" && column !== undefined) {
    const [low, high] = items(rexpr).map(literal);
    if (low === undefined || high === undefined) return [];
    return [
      { ...column, operator: ">=", values: [low] },
      { ...column, operator: "<=", values: [high] },
    ];
  }
  if (kind === "AEXPR_IN" && operator === "=" && column !== undefined) {
    const values = items(rexpr).map(literal);
    return values.includes(undefined)
      ? []
      : [{ ...column, operator: "=", values: values as string[] }];
  }
  if (kind === "AEXPR_OP_ANY" && operator === "=" && column !== undefined) {
    const values = items(
      rexpr !== undefined && "A_ArrayExpr" in rexpr
        ? { List: { items: rexpr.A_ArrayExpr.elements ?? [] } }
        : undefined,
    ).map(literal);
    return values.length === 0 || values.includes(undefined)
      ? []
      : [{ ...column, operator: "=", values: values as string[] }];
  }
  if (kind !== "AEXPR_OP" || mirrored[operator] === undefined) return [];
  if (column !== undefined) {
    const value = literal(rexpr);
    return value === undefined ? [] : [{ ...column, operator, values: [value] }];
  }
  const right = columnOf(rexpr);
  const value = literal(lexpr);
  if (right === undefined || value === undefined) return [];
  return [{ ...right, operator: mirrored[operator], values: [value] }];
}

function items(node: Node | undefined): readonly Node[] {
  return node !== undefined && "List" in node ? (node.List.items ?? []) : [];
}

/** A column reference, also under a cast that keeps the order of its values out of question (`id::text` does not). */
export function columnOf(
  node: Node | undefined,
): { readonly column: string; readonly qualifier: string | undefined } | undefined {
  if (node === undefined || !("ColumnRef" in node)) return undefined;
  const names = strings(node.ColumnRef.fields);
  const column = names.at(-1);
  if (column === undefined || names.length !== (node.ColumnRef.fields ?? []).length)
    return undefined;
  return { column, qualifier: names.at(-2) };
}

/** Text of a constant, also under a cast (`'2024-01-01'::date`), with its sign; undefined for anything else. */
export function literal(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return literal(node.TypeCast.arg);
  if ("A_Expr" in node && node.A_Expr.lexpr === undefined) {
    const text = literal(node.A_Expr.rexpr);
    return strings(node.A_Expr.name)[0] === "-" && text !== undefined ? `-${text}` : undefined;
  }
  return constantText(node);
}
