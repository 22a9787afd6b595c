import type { Node, SelectStmt } from "@pgsql/types";
import { comparisons, conjuncts, literal } from "../predict/query/conditions.ts";
import { builtinFacts } from "../world/builtin/facts.ts";
import { findRelation } from "../world/lookup.ts";
import type { World } from "../world/model.ts";
import { strings } from "../world/nodes.ts";
import { catalogRows } from "./catalog-rows.ts";
import { nameInText } from "./name-in-text.ts";

type SearchPath = readonly string[];

function knowsAll({ complete, uncertain }: World): boolean {
  return complete && uncertain.length === 0;
}

/**
 * The value of a condition that asks the catalog: `[NOT] EXISTS (SELECT … FROM pg_constraint WHERE conname = '…')`,
 * `to_regclass('…') IS NULL`, joined by AND, OR and NOT. Undefined for anything else, and for what a world that does not
 * know everything cannot deny.
 */
export function catalogCondition(
  world: World,
  searchPath: SearchPath,
  node: Node | undefined,
): boolean | undefined {
  if (node === undefined) return undefined;
  if ("BoolExpr" in node) {
    const values = (node.BoolExpr.args ?? []).map((part) =>
      catalogCondition(world, searchPath, part),
    );
    if (node.BoolExpr.boolop === "NOT_EXPR")
      return values[0] === undefined ? undefined : !values[0];
    const decides = node.BoolExpr.boolop === "OR_EXPR";
    if (values.includes(decides)) return decides;
    return values.includes(undefined) ? undefined : !decides;
  }
  if ("SubLink" in node && node.SubLink.subLinkType === "EXISTS_SUBLINK") {
    const { subselect } = node.SubLink;
    if (subselect === undefined || !("SelectStmt" in subselect)) return undefined;
    return exists(world, searchPath, subselect.SelectStmt);
  }
  if ("NullTest" in node) {
    const found = regclass(world, searchPath, node.NullTest.arg);
    if (found === undefined) return undefined;
    return (node.NullTest.nulltesttype === "IS_NULL") !== found;
  }
  return undefined;
}

/** True when `to_regclass` finds something. */
function regclass(
  world: World,
  searchPath: SearchPath,
  node: Node | undefined,
): boolean | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return regclass(world, searchPath, node.TypeCast.arg);
  if (!("FuncCall" in node) || strings(node.FuncCall.funcname).at(-1) !== "to_regclass")
    return undefined;
  const text = literal(node.FuncCall.args?.[0]);
  const name = text === undefined ? undefined : nameInText(text);
  if (name === undefined) return undefined;
  const found = findRelation(world, name, searchPath) !== undefined;
  return found || knowsAll(world) ? found : undefined;
}

/** One catalog whose rows are chosen by equality with constants. */
function exists(world: World, searchPath: SearchPath, select: SelectStmt): boolean | undefined {
  const [from, ...others] = select.fromClause ?? [];
  if (from === undefined || !("RangeVar" in from) || others.length > 0) return undefined;
  if (select.groupClause !== undefined || select.havingClause !== undefined) return undefined;
  const { schemaname, relname = "" } = from.RangeVar;
  const rows = catalogRows(world, schemaname, relname);
  const conditions = conjuncts(select.whereClause);
  const compared = comparisons(select.whereClause);
  if (rows === undefined || compared.length < conditions.length) return undefined;
  const wanted = compared.map(({ column, operator, values }) => ({
    column,
    operator,
    values: new Set<string | undefined>(
      column.endsWith("relid") ? values.map((value) => oidOf(world, searchPath, value)) : values,
    ),
  }));
  const [sample] = rows;
  const isTold = wanted.every(
    ({ column, operator, values }) =>
      operator === "=" && !values.has(undefined) && (sample === undefined || column in sample),
  );
  if (!isTold) return undefined;
  const found = rows.some((row) => wanted.every(({ column, values }) => values.has(row[column])));
  if (found) return true;
  const asked = compared.flatMap(({ values }) => values);
  return knowsAll(world) && !asked.some((name) => isSystemObject(world, name)) ? false : undefined;
}

/** Names of the server's own functions, types and relations, which a world does not list. */
function isSystemObject({ major }: World, name: string): boolean {
  const { functions, types } = builtinFacts(major);
  return functions.has(name) || types.has(name) || name.startsWith("pg_");
}

function oidOf(world: World, searchPath: SearchPath, text: string): string | undefined {
  const name = nameInText(text);
  const relation = name && findRelation(world, name, searchPath);
  return relation === undefined ? undefined : String(relation.id);
}
