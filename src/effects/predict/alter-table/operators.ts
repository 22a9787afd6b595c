import type { FuncCall, Node } from "@pgsql/types";
import { findRoutines, findType, resolveType, walk } from "../../world/index.ts";
import type { TypeUse, World } from "../../world/index.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import { builtinType, sameType } from "../../world/type-use.ts";
import { isRange } from "../type-order.ts";
import { castBetween } from "./casts.ts";
import { baseOf, convert, domainOf } from "./conversion.ts";
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

type Sides = readonly [Node | undefined, Node | undefined];

function operands({ kind, name, lexpr, rexpr }: Extract<Node, { A_Expr: unknown }>["A_Expr"]): {
  readonly symbol: string;
  readonly sides: readonly Sides[];
} {
  const symbol = kind === "AEXPR_BETWEEN" ? ">=" : (strings(name).at(-1) ?? "");
  if (kind === "AEXPR_OP" || kind === "AEXPR_LIKE" || kind === "AEXPR_ILIKE")
    return { symbol, sides: [[lexpr, rexpr]] };
  const isListed = ofLists.has(kind);
  return { symbol, sides: isListed ? listed(rexpr).map((item): Sides => [lexpr, item]) : [] };
}

const ofLists: ReadonlySet<string | undefined> = new Set([
  "AEXPR_BETWEEN",
  "AEXPR_IN",
  "AEXPR_OP_ANY",
  "AEXPR_OP_ALL",
]);

/** `IN (…)` is written out as `= ANY (ARRAY[…])`. */
function listed(node: Node | undefined): readonly Node[] {
  if (node === undefined) return [];
  if ("List" in node) return node.List.items ?? [];
  return "A_ArrayExpr" in node ? (node.A_ArrayExpr.elements ?? []) : [];
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
  const isCompared = comparisons.has(symbol);
  if (!isCompared && !arithmetic.has(symbol)) return;
  // A value of a domain was cast to the type below, and still is.
  if (domainOf(world, before) !== undefined) {
    if (isCompared) refuseCast(plan, column.after, baseOf(world, before));
    return;
  }
  // So were values of varchar, which has no operators, to text.
  if (before.name === "varchar" || !haveOperators(before, operand)) return;
  const after = baseOf(world, column.after);
  const exists = isCompared
    ? isComparable(world, after, operand)
    : mayCalculate(world, after, symbol, operand);
  if (!exists)
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
const comparisons: ReadonlySet<string> = new Set(
  "= <> < > <= >= ~~ ~~* !~~ !~~* ~ ~* !~ !~*".split(" "),
);
const arithmetic: ReadonlySet<string> = new Set(["+", "-", "*", "/", "%"]);

/** Types that operators of their own compare with each other, without a cast (pg_operator). */
const families = ["int2 int4 int8", "float4 float8", "text name", "date timestamp timestamptz"].map(
  (names) => new Set(names.split(" ")),
);

/** Types that compare with each other after an implicit cast at the most (measured on 14 to 18). */
const comparedTypes = [
  "int2 int4 int8 numeric float4 float8",
  "int2 int4 int8 oid",
  "text varchar bpchar name",
  "date timestamp timestamptz",
  "time timetz",
  "time interval",
].map((names) => new Set(names.split(" ")));

function isOf(groups: readonly ReadonlySet<string>[], a: TypeUse, b: TypeUse): boolean {
  return groups.some((group) => group.has(a.name) && group.has(b.name));
}

function isSame(a: TypeUse, b: TypeUse): boolean {
  return a.schema === b.schema && a.name === b.name && a.array === b.array;
}

function isScalar({ schema, array }: TypeUse): boolean {
  return schema === "pg_catalog" && !array;
}

/** False where one of both had to be cast, so that the column may have been. */
function haveOperators(column: TypeUse, constant: TypeUse): boolean {
  if (isSame(column, constant)) return true;
  return isScalar(column) && isScalar(constant) && isOf(families, column, constant);
}

/** True as well for types that are not known well enough, such as an extension's. */
function isComparable(world: World, type: TypeUse, constant: TypeUse): boolean {
  if (isSame(type, constant) || mayHaveMore(world, type)) return true;
  if (!isScalar(type) || !isScalar(constant)) return false;
  return (
    isOf(comparedTypes, type, constant) ||
    isImplicit(world, type, constant) ||
    isImplicit(world, constant, type)
  );
}

/** Types that no arithmetic with a number is for. */
const notCalculated: ReadonlySet<string> = new Set(
  "bool bpchar bytea json name text time timetz timestamp timestamptz uuid varchar".split(" "),
);

function mayCalculate(world: World, type: TypeUse, symbol: string, { name }: TypeUse): boolean {
  if (mayHaveMore(world, type)) return true;
  if (!isScalar(type) || notCalculated.has(type.name)) return false;
  const isSmall = name === "int2" || name === "int4";
  if (type.name === "interval") return symbol === "*" || symbol === "/";
  if (type.name === "jsonb") return symbol === "-" && isSmall;
  return type.name !== "date" || ((symbol === "+" || symbol === "-") && isSmall);
}

function isImplicit({ major }: World, from: TypeUse, to: TypeUse): boolean {
  return castBetween(major, from.name, to.name)?.context === "implicit";
}

/** A type that is not known, or of an extension, may have operators, functions and casts of its own. */
function mayHaveMore(world: World, { schema, name, array }: TypeUse): boolean {
  if (schema === undefined) return true;
  if (schema === "pg_catalog" || array) return false;
  const kind = findType(world, { schema, name })?.kind;
  return kind === undefined || kind === "base";
}

/** Functions of text, and what else they take (pg_proc; those of ranges beside). */
const ofText: Readonly<Record<string, string>> = {
  btrim: "bytea",
  char_length: "",
  character_length: "",
  initcap: "",
  length: "bit bytea lseg path tsvector varbit",
  lower: "",
  ltrim: "bytea",
  md5: "bytea",
  octet_length: "bit bytea varbit",
  rtrim: "bytea",
  upper: "",
};

function takesText(world: World, name: string, type: TypeUse): boolean {
  if ((name === "lower" || name === "upper") && isRange(world, type)) return true;
  if (!isScalar(type)) return false;
  const others = ofText[name]?.split(" ") ?? [];
  return type.name === "text" || others.includes(type.name) || isImplicit(world, type, text);
}

const text = builtinType("text");

function refuseCall(plan: Plan, change: Typed, { funcname, args = [] }: FuncCall): void {
  const { world, searchPath } = plan;
  const { schema, name } = dottedName(strings(funcname));
  for (const [at, argument] of args.entries()) {
    const column = retyped(change, argument);
    if (column === undefined) continue;
    const after = baseOf(world, column.after);
    if (mayHaveMore(world, after)) continue;
    const parameters = findRoutines(world, { schema, name }, searchPath).flatMap(
      (routine) => routine.arguments[at] ?? [],
    );
    const isMissing =
      parameters.length === 0
        ? Object.hasOwn(ofText, name) &&
          isSame(column.before, text) &&
          !takesText(world, name, after)
        : parameters.some((type) => isSame(type, column.before)) &&
          !parameters.some((type) => takes(world, type, column.after));
    if (isMissing) refuse(plan, "42883", `function ${name}(${after.name}) does not exist`);
  }
}

function takes(world: World, parameter: TypeUse, given: TypeUse): boolean {
  const base = baseOf(world, given);
  if (parameter.name.startsWith("any") || isSame(parameter, given) || isSame(parameter, base))
    return true;
  return isScalar(parameter) && isScalar(base) && isImplicit(world, base, parameter);
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
