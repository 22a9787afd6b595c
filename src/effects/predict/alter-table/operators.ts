import type { FuncCall, Node } from "@pgsql/types";
import { resolveType, walk, type TypeUse } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";
import { builtinType, sameType } from "../../world/type-use.ts";
import { baseOf, convert, domainOf } from "./conversion.ts";
import {
  comparisons,
  haveOperators,
  lacksFunction,
  lacksOperator,
  operands,
} from "./operator-facts.ts";
import { refuse, type Plan, type TableChange } from "./plan.ts";

type Typed = Pick<TableChange, "columns" | "relation">;

/**
 * A CHECK, an index or its predicate is read again for the column of another type, as Postgres writes it out (ruleutils.c):
 * with the casts that the old type needed, and with constants of the type that they were taken as. Says which operators
 * and functions there are not for the new type.
 */
export function refuseOperators(plan: Plan, change: Typed, expression: Node): void {
  refuseCasts(plan, change, expression);
  refuseOtherThanBoolean(plan, change, expression);
  walk(expression, (node) => {
    if ("BoolExpr" in node)
      for (const part of node.BoolExpr.args ?? []) refuseOtherThanBoolean(plan, change, part);
    if ("FuncCall" in node) refuseCall(plan, change, node.FuncCall);
    if (!("A_Expr" in node)) return;
    const { symbol, sides } = operands(node.A_Expr);
    for (const [one, other] of sides) {
      refuseOperator(plan, change, symbol, one, other);
      refuseOperator(plan, change, symbol, other, one);
    }
  });
}

/** A condition, or a part of one. */
function refuseOtherThanBoolean(plan: Plan, change: Typed, condition: Node): void {
  const column = retyped(change, condition);
  if (column === undefined || baseOf(plan.world, column.before).name !== "bool") return;
  const { name } = baseOf(plan.world, column.after);
  if (name !== "bool")
    refuse(plan, "42804", `argument of CHECK, AND, OR or NOT must be type boolean, not ${name}`);
}

/** A column's types before and after, when the node is the column itself. */
function retyped(
  { columns, relation }: Typed,
  node: Node | undefined,
): { readonly before: TypeUse; readonly after: TypeUse } | undefined {
  if (node === undefined || !("ColumnRef" in node)) return undefined;
  const name = strings(node.ColumnRef.fields).at(-1);
  const before = relation.columns.find((own) => own.name === name)?.type;
  const after = columns.find((own) => own.name === name)?.type;
  if (before === undefined || after === undefined || sameType(before, after)) return undefined;
  return { before, after };
}

function refuseOperator(
  plan: Plan,
  change: Typed,
  symbol: string,
  one: Node | undefined,
  other: Node | undefined,
): void {
  const { world } = plan;
  const column = retyped(change, one);
  if (column === undefined) return;
  const { before } = column;
  const operand = constantOf(plan, other, before);
  if (operand === undefined) return;
  // A value of a domain was cast to the type below, and still is.
  if (domainOf(world, before) !== undefined) {
    if (comparisons.has(symbol)) refuseCast(plan, column.after, baseOf(world, before));
    return;
  }
  // So were values of varchar, which has no operators, to text.
  if (before.name === "varchar" || !haveOperators(before, operand)) return;
  const after = baseOf(world, column.after);
  if (lacksOperator(world, symbol, after, operand))
    refuse(plan, "42883", `operator does not exist: ${after.name} ${symbol} ${operand.name}`);
}

/** The type of a constant beside a column: the column's, where it is not written; undefined for no constant. */
function constantOf(
  { world, searchPath }: Plan,
  node: Node | undefined,
  column: TypeUse,
): TypeUse | undefined {
  if (node === undefined) return undefined;
  if ("A_Const" in node) {
    // Beside a fraction an integer is cast.
    if (node.A_Const.fval !== undefined && integers.has(column.name)) return undefined;
    return node.A_Const.isnull === true ? undefined : column;
  }
  if (!("TypeCast" in node) || node.TypeCast.arg === undefined) return undefined;
  if (!("A_Const" in node.TypeCast.arg)) return undefined;
  return resolveType(node.TypeCast.typeName, world, searchPath);
}

const integers: ReadonlySet<string> = new Set(["int2", "int4", "int8", "oid"]);

function refuseCall(plan: Plan, change: Typed, call: FuncCall): void {
  const { world, searchPath } = plan;
  for (const [at, argument] of (call.args ?? []).entries()) {
    const column = retyped(change, argument);
    if (column === undefined) continue;
    if (lacksFunction(world, searchPath, call, at, column.after, column.before))
      refuseMissing(plan, call, column.after);
  }
}

function refuseMissing(plan: Plan, { funcname }: FuncCall, type: TypeUse): void {
  const name = strings(funcname).at(-1) ?? "";
  refuse(plan, "42883", `function ${name}(${type.name}) does not exist`);
}

/** Operators and functions that a new expression asks for of columns as they are. */
export function refuseWritten(
  plan: Plan,
  { columns }: Pick<TableChange, "columns">,
  expression: Node,
): void {
  const { world, searchPath } = plan;
  const typeOf = (node: Node | undefined): TypeUse | undefined => {
    if (node === undefined || !("ColumnRef" in node)) return undefined;
    const name = strings(node.ColumnRef.fields).at(-1);
    return columns.find((own) => own.name === name)?.type;
  };
  walk(expression, (node) => {
    if ("FuncCall" in node)
      for (const [at, argument] of (node.FuncCall.args ?? []).entries()) {
        const type = typeOf(argument);
        if (type !== undefined && lacksFunction(world, searchPath, node.FuncCall, at, type))
          refuseMissing(plan, node.FuncCall, type);
      }
    if (!("A_Expr" in node)) return;
    const { symbol, sides } = operands(node.A_Expr);
    for (const pair of sides)
      for (const [one, other] of [pair, pair.toReversed()]) {
        const type = typeOf(one);
        const constant = numberOf(other);
        if (type === undefined || constant === undefined) continue;
        const base = baseOf(world, type);
        if (lacksOperator(world, symbol, base, constant))
          refuse(plan, "42883", `operator does not exist: ${base.name} ${symbol} ${constant.name}`);
      }
  });
}

/** The type of a number as it is written (parse_node.c, make_const). */
function numberOf(node: Node | undefined): TypeUse | undefined {
  if (node === undefined || !("A_Const" in node)) return undefined;
  if (node.A_Const.ival !== undefined) return builtinType("int4");
  return node.A_Const.fval === undefined ? undefined : builtinType("numeric");
}

/** What took the value of a domain as one of the type below still does: that cast stays too. */
function refuseCasts(plan: Plan, change: Typed, expression: Node): void {
  const { world, searchPath } = plan;
  const refuseStaying = (value: Node | undefined, to?: TypeUse): void => {
    const column = retyped(change, value);
    if (column === undefined || domainOf(world, column.before) === undefined) return;
    const base = baseOf(world, column.before);
    if (to === undefined || sameType(to, base)) refuseCast(plan, column.after, base);
  };
  walk(expression, (node) => {
    if ("FuncCall" in node)
      for (const argument of node.FuncCall.args ?? []) refuseStaying(argument);
    if ("TypeCast" in node)
      refuseStaying(node.TypeCast.arg, resolveType(node.TypeCast.typeName, world, searchPath));
  });
}

function refuseCast(plan: Plan, type: TypeUse, to: TypeUse): void {
  if (convert(plan.world, type, to, true) === "impossible")
    refuse(plan, "42846", `cannot cast type ${type.name} to ${to.name}`);
}
