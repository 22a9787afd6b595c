import type { Node } from "@pgsql/types";
import type { Relation } from "../../effects/index.ts";
import { columnNames } from "../tree-search.ts";

/** Whether an expression over the columns of a table is null; `unknown` for what is not looked into. */
export type Nullness = "never" | "for-some" | "always" | "unknown";

/**
 * @param conjuncts what is known to be true of the rows: a comparison with a column leaves out those that have null in it
 */
export function nullness(node: Node, table: Relation, conjuncts: readonly Node[]): Nullness {
  const of = (one: Node | undefined) =>
    one === undefined ? "unknown" : nullness(one, table, conjuncts);
  if ("A_Const" in node) return node.A_Const.isnull === true ? "always" : "never";
  if ("ColumnRef" in node) {
    const [name, ...others] = columnNames(node);
    const column = table.columns.find((one) => one.name === name);
    if (column === undefined || others.length > 0) return "unknown";
    return column.notNull || conjuncts.some((one) => excludesNull(one, column.name))
      ? "never"
      : "for-some";
  }
  if ("TypeCast" in node) return of(node.TypeCast.arg);
  // A sub-query that finds no row is null; one with an aggregate finds one always.
  if ("SubLink" in node)
    return node.SubLink.subLinkType === "EXPR_SUBLINK" && isPlainQuery(node.SubLink.subselect)
      ? "for-some"
      : "unknown";
  if ("FuncCall" in node) {
    const { funcname = [], args = [] } = node.FuncCall;
    const last = funcname.at(-1);
    const name = last !== undefined && "String" in last ? last.String.sval : undefined;
    return strict.has(name ?? "") ? worst(args.map(of)) : "unknown";
  }
  if ("A_Expr" in node && node.A_Expr.kind === "AEXPR_OP") {
    const { lexpr, rexpr } = node.A_Expr;
    return worst([lexpr, rexpr].map(of));
  }
  if (!("CoalesceExpr" in node)) return "unknown";
  const each = (node.CoalesceExpr.args ?? []).map(of);
  if (each.includes("never")) return "never";
  return each.includes("unknown") ? "unknown" : "for-some";
}

/** Built-in functions that give null for null and for nothing else (pg_proc.proisstrict). */
const strict: ReadonlySet<string> = new Set([
  "btrim",
  "initcap",
  "length",
  "lower",
  "ltrim",
  "md5",
  "rtrim",
  "upper",
]);

/** Of parts that are null each by itself: the whole is null when one is. */
function worst(each: readonly Nullness[]): Nullness {
  for (const one of ["unknown", "always", "for-some"] as const) if (each.includes(one)) return one;
  return "never";
}

function excludesNull(node: Node, column: string): boolean {
  if ("NullTest" in node)
    return node.NullTest.nulltesttype === "IS_NOT_NULL" && isColumn(node.NullTest.arg, column);
  if (!("A_Expr" in node)) return false;
  const { kind, lexpr, rexpr } = node.A_Expr;
  const compares = kind === "AEXPR_OP" || kind === "AEXPR_IN" || kind === "AEXPR_OP_ANY";
  return compares && (isColumn(lexpr, column) || isColumn(rexpr, column));
}

function isColumn(node: Node | undefined, column: string): boolean {
  return node !== undefined && "ColumnRef" in node && columnNames(node).has(column);
}

function isPlainQuery(node: Node | undefined): boolean {
  if (node === undefined || !("SelectStmt" in node)) return false;
  const { targetList = [], whereClause, groupClause } = node.SelectStmt;
  const [target] = targetList;
  const value = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
  const isColumnOfIt = value !== undefined && "ColumnRef" in value;
  return whereClause !== undefined && groupClause === undefined && isColumnOfIt;
}
