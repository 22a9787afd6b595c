import type { Node, ResTarget, SelectStmt } from "@pgsql/types";
import type { Relation } from "../../effects/index.ts";
import { columnNames, nodesOf } from "../tree-search.ts";
import type { Change } from "./change.ts";
import { nullness } from "./nullness.ts";

/**
 * Whether rows leave the set that a batch is picked from once they are changed, as far as the text shows.
 *
 * - `never`: none does, so the same rows are picked again.
 * - `not-all`: those do not for which the new value is null, which the condition asks for.
 * - `yes`: they do, or it cannot be told.
 */
export type Shrinking = "yes" | "not-all" | "never";

export function shrinking(
  change: Change,
  picked: SelectStmt,
  table: Relation | undefined,
): Shrinking {
  const { whereClause } = picked;
  if (change.command === "delete") return "yes";
  const generated = table?.columns.filter((column) => column.generated !== undefined) ?? [];
  const looked = columnNames(whereClause);
  const hasOthers =
    nodesOf(whereClause, "SubLink").length > 0 ||
    nodesOf(whereClause, "FuncCall").length > 0 ||
    generated.some(({ name }) => looked.has(name));
  // What a trigger or a query of another table makes of it is not in the text.
  if (hasOthers || table === undefined || table.triggers.length > 0) return "yes";
  const conjuncts = whereClause === undefined ? [] : conjunctsOf(whereClause);
  const values = new Map(change.assignments.map((one) => [one.name ?? "", one]));
  const outcomes = conjuncts
    .filter((one) => [...columnNames(one)].some((name) => values.has(name)))
    .map((one) => outcome(one, values, { table, conjuncts }));
  if (outcomes.some((one) => one === "false" || one === "unknown")) return "yes";
  return outcomes.includes("true-for-null") ? "not-all" : "never";
}

/** What a condition that was true is once the new values are in. */
type Outcome = "true" | "false" | "true-for-null" | "unknown";

interface Around {
  readonly table: Relation;
  readonly conjuncts: readonly Node[];
}

type Values = ReadonlyMap<string, ResTarget>;

function outcome(node: Node, values: Values, around: Around): Outcome {
  if ("BoolExpr" in node) {
    const { boolop, args = [] } = node.BoolExpr;
    if (boolop === "NOT_EXPR") return negated(args[0], values);
    const each = new Set(args.map((one) => outcome(one, values, around)));
    if (each.size === 1) return [...each][0]!;
    const ofNulls = [...each].every((one) => one === "false" || one === "true-for-null");
    return boolop === "OR_EXPR" && ofNulls ? "true-for-null" : "unknown";
  }
  if ("NullTest" in node) {
    const { arg, nulltesttype } = node.NullTest;
    const value = valueOf(arg, values);
    if (value === undefined) return "unknown";
    const isNull = nullness(value, around.table, around.conjuncts);
    if (isNull === "never") return nulltesttype === "IS_NULL" ? "false" : "true";
    if (isNull === "always") return nulltesttype === "IS_NULL" ? "true" : "false";
    return nulltesttype === "IS_NULL" && isNull === "for-some" ? "true-for-null" : "unknown";
  }
  if ("ColumnRef" in node) {
    const now = constant(valueOf(node, values));
    return now === true ? "true" : now === false ? "false" : "unknown";
  }
  if (!("A_Expr" in node)) return "unknown";
  const { kind, name = [], lexpr, rexpr } = node.A_Expr;
  const operator = name[0] !== undefined && "String" in name[0] ? name[0].String.sval : undefined;
  const [now, wanted] = [constant(valueOf(lexpr, values)), constant(rexpr)];
  if (kind !== "AEXPR_OP" || typeof now !== typeof wanted || now === undefined) return "unknown";
  if (operator === "=") return now === wanted ? "true" : "false";
  return operator === "<>" ? (now === wanted ? "false" : "true") : "unknown";
}

function negated(node: Node | undefined, values: Values): Outcome {
  const now = constant(valueOf(node, values));
  return now === true ? "false" : now === false ? "true" : "unknown";
}

/** What the UPDATE writes into a column. */
function valueOf(node: Node | undefined, values: Values): Node | undefined {
  if (node === undefined || !("ColumnRef" in node)) return undefined;
  const last = node.ColumnRef.fields?.at(-1);
  return last !== undefined && "String" in last
    ? values.get(last.String.sval ?? "")?.val
    : undefined;
}

function constant(node: Node | undefined): string | number | boolean | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return undefined;
  if (!("A_Const" in node)) return undefined;
  const { sval, ival, boolval } = node.A_Const;
  if (sval !== undefined) return sval.sval ?? "";
  if (boolval !== undefined) return boolval.boolval === true;
  return ival === undefined ? undefined : (ival.ival ?? 0);
}

export function conjunctsOf(node: Node): readonly Node[] {
  if (!("BoolExpr" in node) || node.BoolExpr.boolop !== "AND_EXPR") return [node];
  return (node.BoolExpr.args ?? []).flatMap(conjunctsOf);
}
