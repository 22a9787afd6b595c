import type { Node } from "@pgsql/types";
import { walk } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";
import { baseOf, convert, domainOf } from "./conversion.ts";
import { refuse, type Plan, type TableChange } from "./plan.ts";

const comparisons: ReadonlySet<string> = new Set(["=", "<>", "<", ">", "<=", ">="]);

/** Built-in types that numbers are compared with (pg_operator). */
const numbers: ReadonlySet<string> = new Set(
  "int2 int4 int8 float4 float8 numeric oid xid xid8 cid".split(" "),
);

/** An expression over a column of another type is read again: a number that it was compared with may no longer fit. */
export function refuseOperators(
  plan: Plan,
  { columns, relation }: TableChange,
  expression: Node,
): void {
  refuseArguments(plan, { columns, relation }, expression);
  walk(expression, (node) => {
    if (!("A_Expr" in node) || node.A_Expr.kind !== "AEXPR_OP") return;
    const { name, lexpr, rexpr } = node.A_Expr;
    const symbol = strings(name).at(-1) ?? "";
    const path = [lexpr, rexpr].flatMap((side) =>
      side !== undefined && "ColumnRef" in side ? [strings(side.ColumnRef.fields).at(-1)] : [],
    );
    const column = columns.find((own) => own.name === path[0]);
    if (!comparisons.has(symbol) || path.length !== 1 || column === undefined) return;
    if (![lexpr, rexpr].some(isNumber)) return;
    // A value of a domain was cast to the type below, and still is (ruleutils.c writes the cast out).
    const before = relation.columns.find((own) => own.name === column.name);
    if (before !== undefined && domainOf(plan.world, before.type) !== undefined) {
      const base = baseOf(plan.world, before.type);
      if (convert(plan.world, column.type, base, true) === "impossible")
        refuse(plan, "42846", `cannot cast type ${column.type.name} to ${base.name}`);
      return;
    }
    const { schema, name: type, array } = baseOf(plan.world, column.type);
    const isOwn = schema !== undefined && schema !== "pg_catalog";
    const isNumeric = numbers.has(type) || type.startsWith("reg");
    if (isOwn || (schema === "pg_catalog" && (array || !isNumeric)))
      refuse(plan, "42883", `operator does not exist: ${type} ${symbol} integer`);
  });
}

/** A function took the value of a domain as one of the type below: that cast stays too. */
function refuseArguments(
  plan: Plan,
  { columns, relation }: Pick<TableChange, "columns" | "relation">,
  expression: Node,
): void {
  walk(expression, (node) => {
    if (!("FuncCall" in node)) return;
    for (const argument of node.FuncCall.args ?? []) {
      const bare = "TypeCast" in argument ? (argument.TypeCast.arg ?? argument) : argument;
      if (!("ColumnRef" in bare)) continue;
      const name = strings(bare.ColumnRef.fields).at(-1);
      const before = relation.columns.find((own) => own.name === name);
      const after = columns.find((own) => own.name === name);
      if (before === undefined || after === undefined) continue;
      if (domainOf(plan.world, before.type) === undefined) continue;
      const base = baseOf(plan.world, before.type);
      if (convert(plan.world, after.type, base, true) === "impossible")
        refuse(plan, "42846", `cannot cast type ${after.type.name} to ${base.name}`);
    }
  });
}

function isNumber(node: Node | undefined): boolean {
  return (
    node !== undefined &&
    "A_Const" in node &&
    (node.A_Const.ival !== undefined || node.A_Const.fval !== undefined)
  );
}
