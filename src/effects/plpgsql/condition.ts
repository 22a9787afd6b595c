import type { A_Expr, Node } from "@pgsql/types";
import { walk } from "../world/expressions.ts";
import { findRelation, findType } from "../world/lookup.ts";
import { strings } from "../world/nodes.ts";
import type { Asking } from "./asking.ts";
import { not, oneDecides } from "./catalog-conditions.ts";
import { askCatalog, knowsAll, onlyValue } from "./catalog-query.ts";
import { constantOf } from "./constants.ts";
import { nameInText } from "../world/name-in-text.ts";

/**
 * The value of a condition that is constant or asks the catalog: `[NOT] EXISTS (SELECT … FROM pg_constraint WHERE …)`,
 * `to_regclass('…') IS NULL`, comparisons of constants and of counts, joined by AND, OR and NOT. Undefined for anything
 * else, and for what a world that does not know everything cannot deny.
 */
export function conditionOf(asking: Asking, node: Node | undefined): boolean | undefined {
  if (node === undefined) return undefined;
  if ("BoolExpr" in node) {
    const { boolop, args = [] } = node.BoolExpr;
    const values = args.map((part) => conditionOf(asking, part));
    return boolop === "NOT_EXPR" ? not(values[0]) : oneDecides(values, boolop === "OR_EXPR");
  }
  if ("SubLink" in node && node.SubLink.subLinkType === "EXISTS_SUBLINK") {
    const { subselect } = node.SubLink;
    if (subselect === undefined || !("SelectStmt" in subselect)) return undefined;
    const { limitCount: _limit, ...query } = subselect.SelectStmt;
    const answer = askCatalog(asking, query);
    if (answer === undefined) return undefined;
    if (answer.rows.length > 0) return true;
    return answer.isAll ? false : undefined;
  }
  if ("NullTest" in node) {
    const found = namedObject(asking, node.NullTest.arg);
    return node.NullTest.nulltesttype === "IS_NULL" ? not(found) : found;
  }
  if ("A_Expr" in node) return compare(asking, node.A_Expr);
  const text = scalarOf(asking, node);
  if (text === "true" || text === "t") return true;
  return text === "false" || text === "f" ? false : undefined;
}

/** The text of a value that is constant or read from the catalog. */
export function scalarOf(asking: Asking, node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if ("SubLink" in node && node.SubLink.subLinkType === "EXPR_SUBLINK") {
    const { subselect } = node.SubLink;
    if (subselect === undefined || !("SelectStmt" in subselect)) return undefined;
    return onlyValue(asking, subselect.SelectStmt);
  }
  const isExists = "SubLink" in node && node.SubLink.subLinkType === "EXISTS_SUBLINK";
  if ("SubLink" in node && !isExists) return undefined;
  if (isExists || "BoolExpr" in node || "NullTest" in node) {
    const value = conditionOf(asking, node);
    return value === undefined ? undefined : String(value);
  }
  return constantOf(node, asking.bindings);
}

/** Functions that give NULL where there is no object of a name, and how the object is found. */
const lookups = { to_regclass: findRelation, to_regtype: findType } as const;

/** True when `to_regclass` or `to_regtype` finds something. */
function namedObject(asking: Asking, node: Node | undefined): boolean | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return namedObject(asking, node.TypeCast.arg);
  if (!("FuncCall" in node)) return undefined;
  const { funcname, args = [] } = node.FuncCall;
  const function_ = strings(funcname).at(-1) ?? "";
  if (function_ !== "to_regclass" && function_ !== "to_regtype") return undefined;
  const text = constantOf(args[0], asking.bindings);
  const name = text === undefined ? undefined : nameInText(text);
  if (name === undefined) return undefined;
  const { world, searchPath } = asking;
  if (lookups[function_](world, name, searchPath) !== undefined) return true;
  const isServers = function_ === "to_regtype" || name.name.startsWith("pg_");
  return knowsAll(world) && !isServers ? false : undefined;
}

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  "=": (order) => order === 0,
  "<>": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** Numbers are compared as such, other texts only for equality. */
function compare(asking: Asking, { kind, name, lexpr, rexpr }: A_Expr): boolean | undefined {
  const operator = strings(name).at(-1) ?? "";
  const holds = comparisons[operator];
  if (kind !== "AEXPR_OP" || holds === undefined) return undefined;
  const [left, right] = [scalarOf(asking, lexpr), scalarOf(asking, rexpr)];
  if (left === undefined || right === undefined) return undefined;
  const [one, other] = [numberIn(left), numberIn(right)];
  if (one !== undefined && other !== undefined) return holds(one - other);
  if (operator !== "=" && operator !== "<>") return undefined;
  if (left !== right && (booleans.has(left) || booleans.has(right))) return undefined;
  return holds(left === right ? 0 : 1);
}

/** As booleans these have several texts. */
const booleans: ReadonlySet<string> = new Set(["true", "false", "t", "f"]);

function numberIn(text: string): number | undefined {
  const value = Number(text);
  return text.trim() !== "" && Number.isFinite(value) ? value : undefined;
}

/** True when all that an expression reads are system catalogs, of which it reads at least one. */
export function readsOnlyCatalogs(tree: unknown): boolean {
  let reads = 0;
  let others = 0;
  walk(tree, (node) => {
    if (!("RangeVar" in node)) return;
    const { schemaname, relname = "" } = node.RangeVar;
    const isCatalog =
      schemaname === "information_schema" ||
      schemaname === "pg_catalog" ||
      (schemaname === undefined && relname.startsWith("pg_"));
    if (isCatalog) reads++;
    else others++;
  });
  return reads > 0 && others === 0;
}
