import type { FuncCall, Node } from "@pgsql/types";
import { builtinFacts } from "../../world/builtin/facts.ts";
import { findRoutines, findType, type TypeUse, type World } from "../../world/index.ts";
import { dottedName, strings } from "../../world/nodes.ts";
import { builtinType } from "../../world/type-use.ts";
import { isRange } from "../type-order.ts";
import { castBetween } from "./casts.ts";
import { baseOf } from "./conversion.ts";

export type Sides = readonly [Node | undefined, Node | undefined];

/** An operator, and the pairs of expressions that it is between. */
export function operands({
  kind,
  name,
  lexpr,
  rexpr,
}: Extract<Node, { A_Expr: unknown }>["A_Expr"]): {
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

/** Operators that compare, patterns among them. */
export const comparisons: ReadonlySet<string> = new Set(
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
  "int2 int4 int8 oid regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype",
  "int4 xid",
  "text varchar bpchar name",
  "date timestamp timestamptz",
  "time timetz",
  "time interval",
].map((names) => new Set(names.split(" ")));

function isOf(groups: readonly ReadonlySet<string>[], a: TypeUse, b: TypeUse): boolean {
  return groups.some((group) => group.has(a.name) && group.has(b.name));
}

export function isSame(a: TypeUse, b: TypeUse): boolean {
  return a.schema === b.schema && a.name === b.name && a.array === b.array;
}

function isScalar({ schema, array }: TypeUse): boolean {
  return schema === "pg_catalog" && !array;
}

/** False where one of both had to be cast, so that the column may have been. */
export function haveOperators(column: TypeUse, constant: TypeUse): boolean {
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
export function mayHaveMore(world: World, { schema, name, array }: TypeUse): boolean {
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

function takes(world: World, parameter: TypeUse, given: TypeUse): boolean {
  const base = baseOf(world, given);
  if (parameter.name.startsWith("any") || isSame(parameter, given) || isSame(parameter, base))
    return true;
  return isScalar(parameter) && isScalar(base) && isImplicit(world, base, parameter);
}

/** True when it is certain that there is no such operator between a type that is no domain and that of a constant. */
export function lacksOperator(
  world: World,
  symbol: string,
  type: TypeUse,
  constant: TypeUse,
): boolean {
  if (comparisons.has(symbol)) return !isComparable(world, type, constant);
  return arithmetic.has(symbol) && !mayCalculate(world, type, symbol, constant);
}

/**
 * True when it is certain that no function of the call's name takes a value of the type as that argument.
 *
 * @param before the type that it takes, where that is known
 */
export function lacksFunction(
  world: World,
  searchPath: readonly string[],
  { funcname }: FuncCall,
  at: number,
  type: TypeUse,
  before?: TypeUse,
): boolean {
  const base = baseOf(world, type);
  if (mayHaveMore(world, base)) return false;
  const { schema, name } = dottedName(strings(funcname));
  const parameters = findRoutines(world, { schema, name }, searchPath).flatMap(
    (routine) => routine.arguments[at] ?? [],
  );
  if (parameters.some((parameter) => takes(world, parameter, type))) return false;
  const isBuiltin = builtinFacts(world.major).functions.has(name);
  if (isBuiltin && !(Object.hasOwn(ofText, name) && !takesText(world, name, base))) return false;
  const known = isBuiltin ? [...parameters, text] : parameters;
  if (before !== undefined) return known.some((parameter) => isSame(parameter, before));
  // An array may stand for any number of its elements (VARIADIC).
  return known.length > 0 && !known.some(({ array }) => array);
}
