import type { Node } from "@pgsql/types";
import { builtinFacts } from "../builtin/facts.ts";
import { findRoutines } from "../lookup.ts";
import type { TypeUse, World } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { builtinType, resolveType, sameType } from "../type-use.ts";

/** What an expression's names mean. */
export interface TypeContext {
  readonly world: World;
  readonly searchPath: readonly string[];
  readonly column: (path: readonly string[]) => TypeUse | undefined;
  readonly subquery: (query: Node | undefined) => TypeUse | undefined;
}

const valueFunctions: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: "date",
  SVFOP_CURRENT_TIME: "timetz",
  SVFOP_CURRENT_TIMESTAMP: "timestamptz",
  SVFOP_LOCALTIME: "time",
  SVFOP_LOCALTIMESTAMP: "timestamp",
};

const comparisons = new Set(["=", "<>", "<", ">", "<=", ">=", "~", "~*", "!~", "!~*", "~~", "!~~"]);

/** The type of an expression where it is plain to see; undefined for everything that needs Postgres' own analysis. */
export function expressionType(node: Node | undefined, context: TypeContext): TypeUse | undefined {
  if (node === undefined) return undefined;
  if ("ColumnRef" in node) return context.column(strings(node.ColumnRef.fields));
  if ("TypeCast" in node) {
    const type = resolveType(node.TypeCast.typeName, context.world, context.searchPath);
    return type.schema === undefined ? undefined : type;
  }
  if ("A_Const" in node) return constantType(node.A_Const);
  if ("SQLValueFunction" in node) {
    const { op, typmod } = node.SQLValueFunction;
    const name = valueFunctions[op ?? ""];
    return name === undefined || (typmod ?? -1) >= 0 ? undefined : builtinType(name);
  }
  if ("BoolExpr" in node || "NullTest" in node || "BooleanTest" in node) return builtinType("bool");
  if ("SubLink" in node) return subqueryType(node.SubLink, context);
  if ("CollateClause" in node) return expressionType(node.CollateClause.arg, context);
  if ("CoalesceExpr" in node) return common(node.CoalesceExpr.args ?? [], context);
  if ("A_Expr" in node) {
    const { kind, name } = node.A_Expr;
    const isComparison = kind !== "AEXPR_OP" || comparisons.has(strings(name).at(-1) ?? "");
    return isComparison && kind !== "AEXPR_NULLIF" ? builtinType("bool") : undefined;
  }
  if ("A_ArrayExpr" in node) return arrayType(node.A_ArrayExpr.elements ?? [], context);
  return "FuncCall" in node ? callType(node.FuncCall, context) : undefined;
}

/** An array of what all its elements are; of arrays it is one of more dimensions. */
function arrayType(elements: readonly Node[], context: TypeContext): TypeUse | undefined {
  const types = elements.map((element) => expressionType(element, context));
  const [first] = types;
  if (first === undefined) return undefined;
  if (!types.every((type) => type !== undefined && sameType(type, first))) return undefined;
  return { ...first, array: true };
}

function callType(
  { funcname, args }: Extract<Node, { FuncCall: unknown }>["FuncCall"],
  { world, searchPath }: TypeContext,
): TypeUse | undefined {
  const { schema, name } = dottedName(strings(funcname));
  const { functions, results } = builtinFacts(world.major);
  if ((schema ?? "pg_catalog") === "pg_catalog") {
    if (name === "count") return builtinType("int8");
    const result = args === undefined ? results.get(name) : undefined;
    if (result !== undefined) return builtinType(result);
    if (schema !== undefined || functions.has(name)) return undefined;
  }
  const [found, ...others] = findRoutines(world, { schema, name }, searchPath);
  const isOnly = others.length === 0 && found?.arguments.length === (args?.length ?? 0);
  // What a polymorphic one gives depends on its arguments.
  return isOnly && found.returns?.name.startsWith("any") === false ? found.returns : undefined;
}

function constantType(
  constant: Extract<Node, { A_Const: unknown }>["A_Const"],
): TypeUse | undefined {
  if (constant.ival !== undefined) return builtinType("int4");
  if (constant.boolval !== undefined) return builtinType("bool");
  // A result column of unknown type becomes text (parse_coerce.c, resolveTargetListUnknowns).
  if (constant.sval !== undefined || constant.isnull === true) return builtinType("text");
  return undefined;
}

function subqueryType(
  { subLinkType, subselect }: Extract<Node, { SubLink: unknown }>["SubLink"],
  context: TypeContext,
): TypeUse | undefined {
  if (subLinkType === "EXPR_SUBLINK") return context.subquery(subselect);
  if (subLinkType !== "ARRAY_SUBLINK") return builtinType("bool");
  const element = context.subquery(subselect);
  return element === undefined ? undefined : { ...element, array: true, modifiers: [] };
}

/** One type for all, or none known; constants adapt to the others and are left out. */
function common(expressions: readonly Node[], context: TypeContext): TypeUse | undefined {
  const types = expressions
    .filter((expression) => !("A_Const" in expression))
    .map((expression) => expressionType(expression, context));
  const [first] = types;
  if (first === undefined) return undefined;
  if (!types.every((type) => type !== undefined && sameType(type, first))) return undefined;
  return types.length === expressions.length ? first : { ...first, modifiers: [] };
}
