import type { FuncCall, Node } from "@pgsql/types";
import { builtinFacts, type BuiltinFacts } from "../builtin/facts.ts";
import { defaultSearchPath, findRoutines, findType } from "../lookup.ts";
import type { Relation, Routine, TypeUse, World } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { expressionType } from "../query/expression-type.ts";
import { resolveType } from "../type-use.ts";
import { inlinedBody } from "./inline.ts";

/** Whether an expression may give another value each time; `unknown` where a function is not known. */
export type Volatility = "immutable" | "stable" | "volatile" | "unknown";

/** Where the names of an expression are looked up. */
export interface VolatilityScope {
  readonly world: World;
  readonly searchPath: readonly string[];
  /** The table whose columns the expression refers to. */
  readonly relation: Relation | undefined;
  /** Functions being inlined, against endless recursion. */
  readonly inlining: ReadonlySet<Routine>;
}

/**
 * Volatility of an expression as Postgres sees it once simple SQL functions are inlined (clauses.c,
 * contain_volatile_functions after expression_planner). What is not volatile may be told as `stable` although it is
 * immutable, where operand types are not plain to see; `volatile` and `unknown` are never softened.
 *
 * @param relation the table that column references mean, if any: with it operators and casts are told more exactly
 */
export function volatilityOf(
  expression: Node | undefined,
  world: World,
  searchPath: readonly string[] = defaultSearchPath,
  relation?: Relation,
): Volatility {
  return volatilityIn(expression, { world, searchPath, relation, inlining: new Set() });
}

const strengths: readonly Volatility[] = ["immutable", "stable", "unknown", "volatile"];

/** The one that decides when both occur: volatile before unknown before stable. */
export function worse(a: Volatility, b: Volatility): Volatility {
  return strengths.indexOf(a) >= strengths.indexOf(b) ? a : b;
}

function worst(list: readonly Volatility[]): Volatility {
  return list.reduce(worse, "immutable");
}

export function volatilityIn(tree: unknown, scope: VolatilityScope): Volatility {
  if (Array.isArray(tree)) return worst(tree.map((item) => volatilityIn(item, scope)));
  if (typeof tree !== "object" || tree === null) return "immutable";
  const node = tree as Node;
  if ("FuncCall" in node) return call(node.FuncCall, scope);
  const below = worst(Object.values(node).map((value: unknown) => volatilityIn(value, scope)));
  return worse(below, own(node, scope));
}

/** What a node adds to the volatility of its parts. */
function own(node: Node, scope: VolatilityScope): Volatility {
  if ("SQLValueFunction" in node) return "stable";
  if ("A_Expr" in node) return operator(node.A_Expr, scope);
  if ("TypeCast" in node) return cast(node.TypeCast.arg, node.TypeCast.typeName, scope);
  // XMLSERIALIZE, XMLPARSE and the SQL/JSON functions call input and output functions of types (stable at most).
  if ("XmlExpr" in node || "XmlSerialize" in node || "JsonFuncExpr" in node) return "stable";
  if ("JsonObjectConstructor" in node || "JsonArrayConstructor" in node) return "stable";
  return "immutable";
}

function call(func: FuncCall, scope: VolatilityScope): Volatility {
  const path = strings(func.funcname);
  const { name, schema } = dottedName(path);
  const count = func.args?.length ?? 0;
  const clauses = [func.args, func.agg_filter, func.agg_order, func.over];
  const below = volatilityIn(clauses, scope);
  const found: Volatility[] = [];
  if (schema === undefined || schema === "pg_catalog") {
    const builtin = builtinCall(name, func.args ?? [], scope);
    if (builtin !== undefined) found.push(builtin);
  }
  if (schema !== "pg_catalog") {
    const all = findRoutines(scope.world, { schema, name }, scope.searchPath);
    const exact = all.filter((routine) => routine.arguments.length === count);
    for (const routine of exact.length > 0 ? exact : found.length > 0 ? [] : all)
      found.push(routineVolatility(routine, scope));
  }
  const { world, searchPath } = scope;
  if (found.length === 0 && findType(world, { schema, name }, searchPath) !== undefined)
    found.push("immutable");
  return worse(below, found.length === 0 ? "unknown" : worst(found));
}

/** Volatility of Postgres' own function of that name; undefined when it has none. */
function builtinCall(
  name: string,
  args: readonly Node[],
  scope: VolatilityScope,
): Volatility | undefined {
  const facts = builtinFacts(scope.world.major);
  const known = facts.functions.get(name);
  if (known !== "mixed") return known;
  const types = args.map((arg) => operandType(arg, scope));
  const fitting = (facts.overloads.get(name) ?? []).filter(
    (overload) =>
      overload.arguments.length === args.length &&
      overload.arguments.every((type, index) => fits(types[index], type)),
  );
  return fitting.length === 0 ? "volatile" : worst(fitting.map(({ volatility }) => volatility));
}

/** A user's function: what it is declared, or what its body is where Postgres puts the body in its place. */
function routineVolatility(routine: Routine, scope: VolatilityScope): Volatility {
  if (scope.inlining.has(routine)) return routine.volatility;
  const body = inlinedBody(routine, scope.world);
  if (body === undefined) return routine.volatility;
  const inside = volatilityIn(body, {
    ...scope,
    relation: undefined,
    inlining: new Set([...scope.inlining, routine]),
  });
  // A body that is more volatile than declared is not inlined (clauses.c, inline_function).
  if (inside === "unknown")
    return routine.volatility === "volatile" ? "unknown" : routine.volatility;
  return worse(inside, routine.volatility) === inside ? routine.volatility : inside;
}

type Operation = Extract<Node, { A_Expr: unknown }>["A_Expr"];

const betweens: ReadonlySet<string | undefined> = new Set([
  "AEXPR_BETWEEN",
  "AEXPR_NOT_BETWEEN",
  "AEXPR_BETWEEN_SYM",
  "AEXPR_NOT_BETWEEN_SYM",
]);

function operator(expression: Operation, scope: VolatilityScope): Volatility {
  const { kind, name, lexpr, rexpr } = expression;
  // BETWEEN is a comparison with each of its limits (parse_expr.c, transformAExprBetween).
  if (betweens.has(kind) && rexpr !== undefined && "List" in rexpr)
    return worst(
      (rexpr.List.items ?? []).map((limit) =>
        operator(
          { ...expression, kind: "AEXPR_OP", name: [{ String: { sval: ">=" } }], rexpr: limit },
          scope,
        ),
      ),
    );
  const facts = builtinFacts(scope.world.major);
  const path = strings(name);
  const symbol = path.at(-1) ?? "";
  if (!facts.operators.has(symbol)) return "unknown";
  const stable = facts.stableOperators.get(symbol);
  if (stable === undefined) return "immutable";
  const right = literalAs(rexpr, operandType(rexpr, scope), operandType(lexpr, scope));
  const left = literalAs(lexpr, operandType(lexpr, scope), right);
  // textanycat and anytextcat are SQL functions: what remains of them is the other operand's text form.
  if (symbol === "||" && (left === "text" || right === "text")) {
    const other = left === "text" ? right : left;
    return other === undefined || hasStableText(other, facts) ? "stable" : "immutable";
  }
  const may = stable.some(
    ([wantedLeft, wantedRight]) =>
      (wantedLeft === undefined
        ? lexpr === undefined
        : lexpr !== undefined && fits(left, wantedLeft)) && fits(right, wantedRight),
  );
  return may ? "stable" : "immutable";
}

/** A string constant takes the type of the other operand, text where that is a constant too. */
function literalAs(
  node: Node | undefined,
  own: string | undefined,
  other: string | undefined,
): string | undefined {
  if (own !== undefined || !isLiteral(node)) return own;
  return other ?? "text";
}

function isLiteral(node: Node | undefined): boolean {
  return node !== undefined && "A_Const" in node;
}

/** Internal name of an operand's type; undefined for constants and for what is not plain to see. */
function operandType(node: Node | undefined, scope: VolatilityScope): string | undefined {
  if (
    node === undefined ||
    (isLiteral(node) && "A_Const" in node && node.A_Const.sval !== undefined)
  )
    return undefined;
  const declared = typeOf(node, scope);
  if (declared === undefined) return undefined;
  const type = belowDomains(declared, scope.world);
  const name = type.name === "varchar" ? "text" : type.name;
  return type.array ? `_${name}` : name;
}

/** Functions and operators of a domain are those of the type that it is over. */
function belowDomains(type: TypeUse, world: World): TypeUse {
  if (type.array || type.schema === undefined || type.schema === "pg_catalog") return type;
  const domain = findType(world, { schema: type.schema, name: type.name })?.domain;
  return domain === undefined ? type : belowDomains(domain.base, world);
}

function typeOf(node: Node | undefined, scope: VolatilityScope): TypeUse | undefined {
  const { world, searchPath, relation } = scope;
  return expressionType(node, {
    world,
    searchPath,
    column: (path) => relation?.columns.find((column) => column.name === path.at(-1))?.type,
    subquery: () => undefined,
  });
}

/** True unless a value of the type can be told not to go to that argument. */
function fits(type: string | undefined, wanted: string): boolean {
  if (type === undefined || type === wanted) return true;
  if (wanted === "anynonarray") return !type.startsWith("_") && type !== "text";
  return wanted.startsWith("any");
}

function cast(
  arg: Node | undefined,
  typeName: Extract<Node, { TypeCast: unknown }>["TypeCast"]["typeName"],
  scope: VolatilityScope,
): Volatility {
  // A literal is read while the statement is parsed; what remains is a constant.
  if (isLiteral(arg) || (arg !== undefined && "A_ArrayExpr" in arg && isConstantArray(arg)))
    return "immutable";
  const target = resolveType(typeName, scope.world, scope.searchPath);
  if (target.schema === undefined) return "unknown";
  if (target.schema !== "pg_catalog") return userTypeCast(target, scope);
  const declared = typeOf(arg, scope);
  const below = declared && belowDomains(declared, scope.world);
  // From a type of one's own through its text form, unless that has a cast of its own.
  if (below?.schema !== undefined && below.schema !== "pg_catalog")
    return userTypeCast(below, scope);
  const source = operandType(arg, scope);
  const facts = builtinFacts(scope.world.major);
  if (source === undefined) return "stable";
  if (source === target.name || (source === "text" && target.name === "varchar"))
    return "immutable";
  const known = facts.casts.get(`${source} ${target.name}`);
  if (known !== undefined && known.method !== "text") return known.volatility;
  const isStable =
    hasStableText(source, facts) || target.array || hasStableText(target.name, facts);
  return isStable ? "stable" : "immutable";
}

/** An array's text form calls that of its elements, whatever it is: array_in and array_out are stable. */
function hasStableText(type: string, { stableText }: BuiltinFacts): boolean {
  return type.startsWith("_") || stableText.has(type);
}

function isConstantArray(node: Extract<Node, { A_ArrayExpr: unknown }>): boolean {
  return (node.A_ArrayExpr.elements ?? []).every(isLiteral);
}

/** Enums, domains, rows and ranges are read by functions that are stable at most; a base type's may be anything. */
function userTypeCast(target: TypeUse, { world }: VolatilityScope): Volatility {
  const type = findType(world, { schema: target.schema, name: target.name });
  return type?.kind === "base" ? "unknown" : "stable";
}
