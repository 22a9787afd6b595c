import type { Node } from "@pgsql/types";
import { resolveType, sameType, walk, type TypeUse } from "../../world/index.ts";
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
  refuseCasts(plan, { columns, relation }, expression);
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

/** What took the value of a domain as one of the type below still does: that cast stays too. */
function refuseCasts(
  plan: Plan,
  { columns, relation }: Pick<TableChange, "columns" | "relation">,
  expression: Node,
): void {
  const { world, searchPath } = plan;
  const refuseCast = (value: Node | undefined, to?: TypeUse): void => {
    if (value === undefined || !("ColumnRef" in value)) return;
    const name = strings(value.ColumnRef.fields).at(-1);
    const before = relation.columns.find((own) => own.name === name);
    const after = columns.find((own) => own.name === name);
    if (before === undefined || after === undefined) return;
    if (domainOf(world, before.type) === undefined) return;
    const base = baseOf(world, before.type);
    if (to !== undefined && !sameType(to, base)) return;
    if (convert(world, after.type, base, true) === "impossible")
      refuse(plan, "42846", `cannot cast type ${after.type.name} to ${base.name}`);
  };
  walk(expression, (node) => {
    if ("FuncCall" in node) for (const argument of node.FuncCall.args ?? []) refuseCast(argument);
    if ("TypeCast" in node)
      refuseCast(node.TypeCast.arg, resolveType(node.TypeCast.typeName, world, searchPath));
  });
}

function isNumber(node: Node | undefined): boolean {
  return (
    node !== undefined &&
    "A_Const" in node &&
    (node.A_Const.ival !== undefined || node.A_Const.fval !== undefined)
  );
}
