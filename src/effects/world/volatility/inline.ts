import type { Node } from "@pgsql/types";
import { parseLoaded } from "../../../sql/index.ts";
import { builtinFacts } from "../builtin/facts.ts";
import { walk } from "../expressions.ts";
import type { Routine, World } from "../model.ts";
import { strings } from "../nodes.ts";

const bodies = new WeakMap<Routine, Node | null>();

/**
 * The expression that Postgres puts in place of a call, when it does (clauses.c, inline_function): a function in SQL,
 * not SECURITY DEFINER, without SET, returning one value, whose body is a SELECT of one expression and nothing else; a
 * strict one only if the expression is strict in itself and uses every argument.
 */
export function inlinedBody(routine: Routine, world: World): Node | undefined {
  let body = bodies.get(routine);
  if (body === undefined) {
    body = findBody(routine) ?? null;
    bodies.set(routine, body);
  }
  if (body === null) return undefined;
  if (routine.strict && !staysStrict(routine, body, world)) return undefined;
  return body;
}

function findBody(routine: Routine): Node | undefined {
  const { kind, language, securityDefiner, hasSettings, returnsSet, returns } = routine;
  if (kind !== "function" || language !== "sql" || securityDefiner || hasSettings || returnsSet)
    return undefined;
  if (returns?.name === "record" || returns?.name === "void") return undefined;
  const statement = routine.sqlBody ?? parseBody(routine.body);
  if (statement === undefined) return undefined;
  if ("ReturnStmt" in statement) return statement.ReturnStmt.returnval;
  if (!("SelectStmt" in statement)) return undefined;
  const { targetList = [], limitOption, op, ...rest } = statement.SelectStmt;
  if (Object.values(rest).some((clause) => clause !== undefined)) return undefined;
  const [only] = targetList;
  if (targetList.length !== 1 || op !== "SETOP_NONE" || only === undefined) return undefined;
  if (limitOption !== undefined && limitOption !== "LIMIT_OPTION_DEFAULT") return undefined;
  const expression = "ResTarget" in only ? only.ResTarget.val : undefined;
  return expression === undefined || hasSubquery(expression) ? undefined : expression;
}

function hasSubquery(expression: Node): boolean {
  let found = false;
  walk(expression, (node) => {
    if ("SubLink" in node) found = true;
  });
  return found;
}

/** A body given as a string. Where it was parsed from SQL, the parser is loaded already; without it nothing is inlined. */
function parseBody(body: string | undefined): Node | undefined {
  if (body === undefined || body.trim() === "") return undefined;
  try {
    const statements = parseLoaded(body, "a function's body");
    return statements.length === 1 ? statements[0]!.node : undefined;
  } catch {
    return undefined;
  }
}

/** contain_nonstrict_functions, and whether each argument is used. */
function staysStrict(routine: Routine, body: Node, world: World): boolean {
  const { notStrict, functions } = builtinFacts(world.major);
  const used = new Set<string>();
  let strict = true;
  walk(body, (node) => {
    if ("ParamRef" in node) used.add(`$${node.ParamRef.number ?? 0}`);
    else if ("ColumnRef" in node) used.add(strings(node.ColumnRef.fields).at(-1) ?? "");
    else if ("FuncCall" in node) {
      const name = strings(node.FuncCall.funcname).at(-1) ?? "";
      if (!functions.has(name) || notStrict.has(name)) strict = false;
    } else if ("BoolExpr" in node) strict &&= node.BoolExpr.boolop === "NOT_EXPR";
    else if ("A_Expr" in node) strict &&= node.A_Expr.kind === "AEXPR_OP";
    else if (answersToNull(node)) strict = false;
  });
  return strict && used.size >= routine.arguments.length;
}

const nullAnswering = [
  "CaseExpr",
  "A_ArrayExpr",
  "RowExpr",
  "CoalesceExpr",
  "MinMaxExpr",
  "XmlExpr",
  "NullTest",
  "BooleanTest",
] as const;

function answersToNull(node: Node): boolean {
  return nullAnswering.some((type) => type in node);
}
