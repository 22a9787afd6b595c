import type { EffectDraft } from "../predict/draft.ts";
import { conditionOf, readsOnlyCatalogs, scalarOf } from "./condition.ts";
import { valuesOf } from "./catalog-query.ts";
import type { Asking } from "./asking.ts";
import { constantOf, constantValue, targetOf, valueOf } from "./constants.ts";
import { attempt } from "./attempt.ts";
import { catches, raisedState } from "./handlers.ts";
import { runForeach, runForNumbers, runForRows } from "./loops.ts";
import {
  askingOf,
  branch,
  doubtAbout,
  evaluate,
  evaluateAll,
  lineOf,
  parsedOf,
  repeat,
  runList,
  type Program,
} from "./program.ts";
import { expressionOf, partsOf, type PlBody, type PlExpression, type PlNode } from "./tree.ts";
import { isWholeAssignment, targetNumbers, targetRecord } from "./variables.ts";

/** RAISE EXCEPTION and above (elog.h, ERROR). */
const errorLevel = 21;

/** Goes through one statement; false when the flow ends with it. */
export function runStatement(draft: EffectDraft, program: Program, node: PlNode): boolean {
  const { type, body } = partsOf(node);
  const line = body.lineno ?? 1;
  switch (type) {
    case "PLpgSQL_stmt_block":
      return runBlock(draft, program, body);
    case "PLpgSQL_stmt_if":
      return runIf(draft, program, body);
    case "PLpgSQL_stmt_case":
      return runCase(draft, program, body);
    case "PLpgSQL_stmt_assign":
      runAssignment(draft, program, body, line);
      return true;
    case "PLpgSQL_stmt_execsql":
      runQuery(draft, program, body, line);
      return true;
    case "PLpgSQL_stmt_dynexecute":
    case "PLpgSQL_stmt_dynfors":
      evaluateAll(draft, program, body, line);
      runDynamic(draft, program, expressionOf(body.query), line);
      if (type === "PLpgSQL_stmt_dynfors") repeat(draft, program, body);
      else program.variables.forgetAssigned(body.target);
      return true;
    case "PLpgSQL_stmt_return_query":
      evaluateAll(draft, program, body, line);
      if (body.dynquery !== undefined)
        runDynamic(draft, program, expressionOf(body.dynquery), line);
      return true;
    case "PLpgSQL_stmt_open":
    case "PLpgSQL_stmt_forc":
      openCursor(draft, program, body, line);
      repeat(draft, program, body);
      return true;
    case "PLpgSQL_stmt_foreach_a":
      evaluateAll(draft, program, body, line);
      return runForeach(draft, program, body);
    case "PLpgSQL_stmt_fori":
      evaluateAll(draft, program, body, line);
      return runForNumbers(draft, program, body);
    case "PLpgSQL_stmt_fors":
      evaluateAll(draft, program, body, line);
      return runForRows(draft, program, body);
    case "PLpgSQL_stmt_loop":
      // Its body runs at least once.
      program.variables.forgetAssigned(body.body);
      runList(draft, program, body.body);
      program.variables.forgetAssigned(body.body);
      return true;
    case "PLpgSQL_stmt_while":
      evaluateAll(draft, program, body, line);
      repeat(draft, program, body);
      return true;
    case "PLpgSQL_stmt_commit":
    case "PLpgSQL_stmt_rollback":
      draft.fail("in-transaction", "2D000", "invalid transaction termination");
      return true;
    case "PLpgSQL_stmt_raise":
      return runRaise(draft, program, body, line);
    case "PLpgSQL_stmt_assert":
      return runAssert(draft, program, body, line);
    case "PLpgSQL_stmt_return":
      evaluateAll(draft, program, body, line);
      return false;
    case "PLpgSQL_stmt_exit":
      evaluateAll(draft, program, body, line);
      return body.cond !== undefined;
    default:
      evaluateAll(draft, program, body, line);
      program.variables.forgetAssigned(node);
      return true;
  }
}

function runBlock(draft: EffectDraft, program: Program, body: PlBody): boolean {
  declare(draft, program, body);
  if (body.exceptions === undefined) return runList(draft, program, body.body);
  const handlers = (partsOf(body.exceptions).body.exc_list ?? []).map((node) => partsOf(node).body);
  const part = draft.part(program.world);
  let goesOn = true;
  const { undo } = attempt(program.world, () => {
    goesOn = runList(part, program, body.body);
  });
  const { failure } = part;
  if (failure === undefined) {
    draft.add(part.effect());
    for (const handler of handlers) branch(draft, program, actionOf(handler), false);
    return goesOn;
  }
  const handler = handlers.find(({ conditions = [] }) =>
    conditions.some((node) => catches(partsOf(node).body.condname ?? "", failure.sqlState ?? "")),
  );
  if (handler === undefined) {
    draft.add(part.effect());
    return false;
  }
  // The block is a subtransaction: what it did and the locks it took are gone.
  undo();
  for (const reason of part.effect().unknown) draft.unknown(reason);
  return runList(draft, program, actionOf(handler));
}

/**
 * Values with which variables are declared. The parser does not tell to which block a variable belongs: all are set where
 * the outermost one begins, and one that may be set again by an inner block is not known.
 */
function declare(draft: EffectDraft, program: Program, block: PlBody): void {
  if (program.isDeclared) return;
  program.isDeclared = true;
  const begins = block.lineno ?? 1;
  for (const [number, { default_val: value, lineno = 1 }] of program.declared.entries()) {
    const expression = expressionOf(value);
    if (expression === undefined) continue;
    evaluate(draft, program, expression, lineno);
    const [statement] = parsedOf(draft, program, expression, lineno);
    const isOuter = lineno < begins || !program.hasInnerBlocks;
    const { bindings } = program.variables;
    const constant = isOuter ? constantValue(valueOf(statement), bindings) : undefined;
    program.variables.set(program.variables.nameOf(number), constant);
  }
}

function actionOf({ action }: PlBody): readonly PlNode[] {
  return Array.isArray(action) ? (action as readonly PlNode[]) : [];
}

/** IF: a condition that is constant or asks the catalog decides; otherwise every branch may run. */
function runIf(draft: EffectDraft, program: Program, body: PlBody): boolean {
  const line = body.lineno ?? 1;
  const alternatives = [
    { cond: body.cond, list: body.then_body },
    ...(body.elsif_list ?? []).map((node) => {
      const { cond, stmts } = partsOf(node).body;
      return { cond, list: stmts };
    }),
  ];
  // A statement for a catalog that looks otherwise changes nothing here.
  let isTrusted = true;
  for (const { cond, list } of alternatives) {
    const expression = expressionOf(cond);
    if (expression === undefined) continue;
    evaluate(draft, program, expression, line);
    const [statement] = parsedOf(draft, program, expression, line);
    const value = conditionOf(askingOf(draft, program), valueOf(statement));
    if (value === false) continue;
    if (value === true) return runList(draft, program, list);
    isTrusted &&= readsOnlyCatalogs(statement?.node);
    branch(draft, program, list, isTrusted);
  }
  branch(draft, program, body.else_body, isTrusted);
  return true;
}

function runCase(draft: EffectDraft, program: Program, body: PlBody): boolean {
  evaluateAll(draft, program, body, body.lineno ?? 1);
  for (const node of body.case_when_list ?? []) {
    const { expr, stmts, lineno = 1 } = partsOf(node).body;
    const expression = expressionOf(expr);
    if (expression !== undefined) evaluate(draft, program, expression, lineno);
    branch(draft, program, stmts, false);
  }
  branch(draft, program, body.else_stmts, false);
  return true;
}

function runAssignment(draft: EffectDraft, program: Program, body: PlBody, line: number): void {
  evaluateAll(draft, program, body, line);
  const [statement] = parsedOf(draft, program, expressionOf(body.expr), line);
  const asking = askingOf(draft, program);
  const value = isWholeAssignment(body) ? valueIn(asking, statement) : undefined;
  program.variables.set(program.variables.nameOf(body.varno), value);
}

/** The value of `SELECT expression`, or of `SELECT column FROM catalog`. */
function valueIn(asking: Asking, statement: ReturnType<typeof parsedOf>[number] | undefined) {
  const value = valueOf(statement);
  return constantValue(value, asking.bindings) ?? scalarOf(asking, value);
}

/** Static SQL; what it reads INTO variables is known when it asks the catalog. */
function runQuery(draft: EffectDraft, program: Program, body: PlBody, line: number): void {
  const [statement] = parsedOf(draft, program, expressionOf(body.sqlstmt), line);
  const asking = askingOf(draft, program);
  const target = typeof body.target === "object" ? body.target : undefined;
  const values =
    body.into === true && statement !== undefined && "SelectStmt" in statement.node
      ? rowOf(asking, statement.node.SelectStmt)
      : undefined;
  evaluateAll(draft, program, body, line);
  const { variables } = program;
  variables.forgetAssigned(target);
  const record = targetRecord(target);
  if (record !== undefined)
    for (const [name, value] of values ?? []) variables.set(`${record}.${name}`, value);
  for (const [index, number] of (targetNumbers(target) ?? []).entries())
    variables.set(variables.nameOf(number), [...(values?.values() ?? [])][index]);
}

/** The only row that a query gives, by column. */
function rowOf(
  asking: Asking,
  select: Parameters<typeof targetOf>[0],
): ReadonlyMap<string, string> | undefined {
  const value = scalarOf(asking, targetOf(select));
  if (value !== undefined) return new Map([["?column?", value]]);
  const [row, ...others] = valuesOf(asking, select) ?? [];
  return others.length === 0 ? row : undefined;
}

function runDynamic(
  draft: EffectDraft,
  program: Program,
  expression: PlExpression | undefined,
  line: number,
): void {
  const [statement] = parsedOf(draft, program, expression, line);
  const text = constantOf(valueOf(statement), program.variables.bindings);
  if (text === undefined) {
    draft.unknown(`line ${lineOf(program, line)} runs SQL that is put together when it runs`);
    doubtAbout(program.world, `${program.text.what} runs SQL that is put together when it runs`);
    return;
  }
  evaluate(draft, program, { node: {}, text, form: "statement" }, line);
}

/** A cursor's query is its own, or the one with which it was declared. */
function openCursor(draft: EffectDraft, program: Program, body: PlBody, line: number): void {
  evaluateAll(draft, program, body, line);
  if (body.dynquery !== undefined) runDynamic(draft, program, expressionOf(body.dynquery), line);
  const declared = expressionOf(program.declared[body.curvar ?? -1]?.cursor_explicit_expr);
  if (declared !== undefined) evaluate(draft, program, declared, line);
}

function runRaise(draft: EffectDraft, program: Program, body: PlBody, line: number): boolean {
  evaluateAll(draft, program, body, line);
  if ((body.elog_level ?? 0) < errorLevel) return true;
  draft.fail(
    "always",
    stateRaised(draft, program, body, line),
    `line ${lineOf(program, line)} raises an exception`,
  );
  return false;
}

function stateRaised(
  draft: EffectDraft,
  program: Program,
  { condname, options = [] }: PlBody,
  line: number,
): string | undefined {
  const code = options.map((node) => partsOf(node).body).find(({ opt_type: type }) => !type);
  if (code === undefined) return raisedState(condname);
  const [statement] = parsedOf(draft, program, expressionOf(code.expr), line);
  const text = constantOf(valueOf(statement), program.variables.bindings);
  return text === undefined ? undefined : raisedState(text);
}

/** ASSERT of what is certainly not so fails; another one may. */
function runAssert(draft: EffectDraft, program: Program, body: PlBody, line: number): boolean {
  evaluateAll(draft, program, body, line);
  const [statement] = parsedOf(draft, program, expressionOf(body.cond), line);
  if (conditionOf(askingOf(draft, program), valueOf(statement)) !== false) return true;
  draft.fail("always", "P0004", `line ${lineOf(program, line)} asserts what is not so`);
  return false;
}
