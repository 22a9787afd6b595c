import type { Node } from "@pgsql/types";
import type { EffectDraft } from "../predict/draft.ts";
import { valuesOf } from "./catalog-query.ts";
import { constantArray, constantOf, valueOf, type Bindings } from "./constants.ts";
import { askingOf, branch, parsedOf, repeat, runList, type Program } from "./program.ts";
import { expressionOf, partsOf, type PlBody } from "./tree.ts";
import { targetNumbers, targetRecord } from "./variables.ts";

/** Beyond so many rounds in a program, inner ones counted, a loop is taken as one that may run any number of times. */
const mostRounds = 250;

/** What the variables of a loop hold in one round. */
type Round = readonly (readonly [name: string | undefined, value: string])[];

/** FOREACH over an array of constants runs once for each; over anything else its body may run. */
export function runForeach(draft: EffectDraft, program: Program, body: PlBody): boolean {
  const [statement] = parsedOf(draft, program, expressionOf(body.expr), body.lineno ?? 1);
  const { variables } = program;
  const items = constantArray(valueOf(statement), variables.bindings);
  const name = variables.nameOf(body.varno);
  return runRounds(draft, program, body, name && items?.map((item) => [[name, item]]));
}

/** FOR over whole numbers between constants. */
export function runForNumbers(draft: EffectDraft, program: Program, body: PlBody): boolean {
  const number = (expression: PlBody["lower"]) => {
    const [statement] = parsedOf(draft, program, expressionOf(expression), body.lineno ?? 1);
    return Number(constantOf(valueOf(statement), program.variables.bindings));
  };
  const [lower, upper] = [number(body.lower), number(body.upper)];
  const step = body.step === undefined ? 1 : number(body.step);
  const name = partsOf(body.var ?? {}).body.refname;
  const down = Boolean(body.reverse);
  const count = Math.floor((down ? lower - upper : upper - lower) / step) + 1;
  const isKnown = Number.isSafeInteger(count) && step > 0 && count <= mostRounds;
  const rounds = isKnown
    ? Array.from({ length: Math.max(0, count) }, (_, index): Round => [
        [name, String(lower + (down ? -index : index) * step)],
      ])
    : undefined;
  return runRounds(draft, program, body, rounds);
}

/** FOR over the rows of a query: constants, or what catalogs hold. */
export function runForRows(draft: EffectDraft, program: Program, body: PlBody): boolean {
  const query = typeof body.query === "object" ? expressionOf(body.query) : undefined;
  const [statement] = parsedOf(draft, program, query, body.lineno ?? 1);
  const rows = statement && rowsOf(draft, program, statement.node);
  const record = targetRecord(body.var);
  const numbers = targetNumbers(body.var);
  const { variables } = program;
  const rounds = rows?.map((row): Round =>
    record === undefined
      ? [...row.values()].map((value, index) => [variables.nameOf(numbers?.[index]), value])
      : [...row].map(([name, value]) => [`${record}.${name}`, value]),
  );
  return runRounds(draft, program, body, rounds);
}

function rowsOf(
  draft: EffectDraft,
  program: Program,
  node: Node,
): readonly ReadonlyMap<string, string>[] | undefined {
  if (!("SelectStmt" in node)) return undefined;
  const asking = askingOf(draft, program);
  return (
    unnested(node.SelectStmt.targetList, node.SelectStmt.fromClause, asking.bindings) ??
    listed(node.SelectStmt.fromClause, node.SelectStmt.whereClause, asking.bindings) ??
    valuesOf(asking, node.SelectStmt)
  );
}

/** `SELECT unnest(ARRAY[…]) AS name`. */
function unnested(
  targets: readonly Node[] | undefined,
  from: readonly Node[] | undefined,
  bindings: Bindings,
): readonly ReadonlyMap<string, string>[] | undefined {
  const [target, ...others] = targets ?? [];
  if (from !== undefined || others.length > 0) return undefined;
  if (target === undefined || !("ResTarget" in target)) return undefined;
  const { name = "unnest", val } = target.ResTarget;
  const items = unnestOf(val, bindings);
  return items?.map((item) => new Map([[name, item]]));
}

function unnestOf(node: Node | undefined, bindings: Bindings): readonly string[] | undefined {
  if (node === undefined || !("FuncCall" in node)) return undefined;
  const { funcname = [], args = [] } = node.FuncCall;
  const [last] = funcname.slice(-1);
  const isUnnest = last !== undefined && "String" in last && last.String.sval === "unnest";
  return isUnnest && args.length === 1 ? constantArray(args[0], bindings) : undefined;
}

/** `SELECT * FROM (VALUES (…), (…)) AS alias (column, …)`. */
function listed(
  from: readonly Node[] | undefined,
  where: Node | undefined,
  bindings: Bindings,
): readonly ReadonlyMap<string, string>[] | undefined {
  const [item, ...others] = from ?? [];
  if (item === undefined || others.length > 0 || where !== undefined) return undefined;
  if (!("RangeSubselect" in item)) return undefined;
  const { subquery, alias } = item.RangeSubselect;
  if (subquery === undefined || !("SelectStmt" in subquery)) return undefined;
  const names = (alias?.colnames ?? []).map((node) => ("String" in node ? node.String.sval : ""));
  const rows = (subquery.SelectStmt.valuesLists ?? []).map((node) =>
    "List" in node ? (node.List.items ?? []).map((value) => constantOf(value, bindings)) : [],
  );
  if (rows.length === 0 || rows.some((row) => row.includes(undefined))) return undefined;
  return rows.map(
    (row) => new Map(row.map((value, index) => [names[index] ?? `column${index + 1}`, value!])),
  );
}

/** Runs the body once a round; when the rounds are not known, or one may end the loop, it may run. */
function runRounds(
  draft: EffectDraft,
  program: Program,
  body: PlBody,
  rounds: readonly Round[] | string | undefined,
): boolean {
  const { variables } = program;
  if (rounds === undefined || typeof rounds === "string") {
    repeat(draft, program, body);
    return true;
  }
  program.rounds += rounds.length;
  if (program.rounds > mostRounds) {
    repeat(draft, program, body);
    return true;
  }
  const mayEnd = endsLoop(body.body);
  for (const round of rounds) {
    variables.forgetAssigned([body.var]);
    for (const [name, value] of round) variables.set(name, value);
    if (mayEnd) branch(draft, program, body.body, false);
    else if (!runList(draft, program, body.body)) return false;
  }
  return true;
}

/** True when EXIT, CONTINUE or RETURN stands in the body. */
function endsLoop(tree: unknown): boolean {
  if (typeof tree !== "object" || tree === null) return false;
  return Object.entries(tree).some(
    ([key, value]) =>
      key === "PLpgSQL_stmt_exit" || key === "PLpgSQL_stmt_return" || endsLoop(value),
  );
}
