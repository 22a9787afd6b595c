import type { Node } from "@pgsql/types";
import type { Statement } from "../../sql/index.ts";
import type { EffectDraft } from "../predict/draft.ts";
import { copyWorld, fold, overlayWorld, type World } from "../world/index.ts";
import { catalogCondition } from "./catalog-condition.ts";
import { catches } from "./conditions.ts";
import { constantOf, type Bindings } from "./constant-text.ts";
import { parseProgram, statementsOf } from "./parse.ts";
import {
  expressionOf,
  expressionsIn,
  partsOf,
  type PlBody,
  type PlExpression,
  type PlNode,
} from "./tree.ts";

/** A PL/pgSQL body. */
export interface ProgramText {
  readonly body: string;
  /** True for a trigger function: NEW, OLD and the TG_ variables are known. */
  readonly trigger?: boolean;
  /** True for a DO block. */
  readonly anonymous?: boolean;
  /** What it belongs to, for messages: `function public.touch`. */
  readonly what: string;
  /** Line of the body's first character; 1 when it is not in a file. */
  readonly line?: number;
}

/** A body that is gone through. */
interface Program {
  readonly text: ProgramText;
  readonly variables: readonly PlBody[];
  /** The catalog at the statement that is reached. */
  world: World;
  bindings: Bindings;
}

/** RAISE EXCEPTION and above (elog.h, ERROR). */
const errorLevel = 21;

/**
 * What a PL/pgSQL body does: its static SQL, and dynamic SQL made of constants, in order, each on the catalog that those
 * before it leave. Branches and loops are taken as run, as nothing tells that they are not, unless a branch is certain to
 * fail: then it is there for a catalog that looks otherwise. Whatever is caught by a handler is undone.
 */
export function predictProgram(draft: EffectDraft, text: ProgramText): void {
  let parsed: ReturnType<typeof parseProgram>;
  try {
    const kind = text.anonymous === true ? "do" : text.trigger === true ? "trigger" : "routine";
    parsed = parseProgram(text.body, kind);
  } catch (error) {
    const reason = (error as Error).message;
    if (text.anonymous === true) draft.fail("always", "42601", reason);
    else draft.unknown(`the body of ${text.what} could not be parsed: ${reason}`);
    return;
  }
  const program: Program = {
    text,
    variables: parsed.variables,
    world: overlayWorld(draft.world),
    bindings: new Map(),
  };
  for (const { default_val: value } of parsed.variables) {
    const expression = expressionOf(value);
    if (expression !== undefined) evaluate(draft, program, expression, 1);
  }
  runStatement(draft, program, parsed.block);
}

/** False when the flow ends: nothing after it runs. */
function runList(draft: EffectDraft, program: Program, list: readonly PlNode[] = []): boolean {
  for (const node of list) {
    if (!runStatement(draft, program, node)) return false;
    // After an error nothing runs but a handler.
    if (draft.fails) return false;
  }
  return true;
}

function runStatement(draft: EffectDraft, program: Program, node: PlNode): boolean {
  const { type, body } = partsOf(node);
  const line = body.lineno ?? 1;
  switch (type) {
    case "PLpgSQL_stmt_block":
      return runBlock(draft, program, body);
    case "PLpgSQL_stmt_if":
      return runIf(draft, program, body);
    case "PLpgSQL_stmt_case":
      return runCase(draft, program, body);
    case "PLpgSQL_stmt_dynexecute":
    case "PLpgSQL_stmt_dynfors":
      evaluateAll(draft, program, body, line);
      runDynamic(draft, program, expressionOf(body.query), line);
      if (type === "PLpgSQL_stmt_dynfors") branch(draft, program, body.body);
      return true;
    case "PLpgSQL_stmt_return_query":
      evaluateAll(draft, program, body, line);
      if (body.dynquery !== undefined)
        runDynamic(draft, program, expressionOf(body.dynquery), line);
      return true;
    case "PLpgSQL_stmt_open":
    case "PLpgSQL_stmt_forc":
      openCursor(draft, program, body, line);
      branch(draft, program, body.body);
      return true;
    case "PLpgSQL_stmt_foreach_a":
      evaluateAll(draft, program, body, line);
      runForeach(draft, program, body);
      return true;
    case "PLpgSQL_stmt_loop":
      // Its body runs at least once.
      runList(draft, program, body.body);
      return true;
    case "PLpgSQL_stmt_while":
    case "PLpgSQL_stmt_fori":
    case "PLpgSQL_stmt_fors":
      evaluateAll(draft, program, body, line);
      branch(draft, program, body.body);
      return true;
    case "PLpgSQL_stmt_commit":
    case "PLpgSQL_stmt_rollback":
      draft.fail("in-transaction", "2D000", "invalid transaction termination");
      return true;
    case "PLpgSQL_stmt_raise":
      evaluateAll(draft, program, body, line);
      if ((body.elog_level ?? 0) < errorLevel) return true;
      draft.fail("always", "P0001", `line ${lineOf(program, line)} raises an exception`);
      return false;
    case "PLpgSQL_stmt_return":
      evaluateAll(draft, program, body, line);
      return false;
    case "PLpgSQL_stmt_exit":
      evaluateAll(draft, program, body, line);
      return body.cond !== undefined;
    default:
      evaluateAll(draft, program, body, line);
      return true;
  }
}

function lineOf({ text }: Program, line: number): number {
  return (text.line ?? 1) + line - 1;
}

function evaluateAll(draft: EffectDraft, program: Program, body: PlBody, line: number): void {
  for (const expression of expressionsIn(body)) evaluate(draft, program, expression, line);
}

function evaluate(
  draft: EffectDraft,
  program: Program,
  expression: PlExpression,
  line: number,
): void {
  for (const statement of parsed(draft, program, expression, line))
    runSql(draft, program, statement);
}

function parsed(
  draft: EffectDraft,
  program: Program,
  expression: PlExpression,
  line: number,
): readonly Statement[] {
  const at = lineOf(program, line);
  try {
    return statementsOf(expression, program.text.what, at);
  } catch {
    draft.unknown(`line ${at} of ${program.text.what} could not be parsed`);
    return [];
  }
}

function runSql(draft: EffectDraft, program: Program, statement: Statement): void {
  const part = draft.part(program.world);
  draft.add(part.predict(statement));
  fold(statement, program.world, { searchPath: draft.searchPath });
}

function runDynamic(
  draft: EffectDraft,
  program: Program,
  expression: PlExpression | undefined,
  line: number,
): void {
  const text =
    expression && constantOf(valueOf(draft, program, expression, line), program.bindings);
  if (text === undefined) {
    const at = lineOf(program, line);
    draft.unknown(`line ${at} runs SQL that is put together when it runs`);
    return;
  }
  evaluate(draft, program, { text, form: "statement" }, line);
}

/** The one expression of `SELECT expression`. */
function valueOf(
  draft: EffectDraft,
  program: Program,
  expression: PlExpression,
  line: number,
): Node | undefined {
  const [statement] = parsed(draft, program, expression, line);
  if (statement === undefined || !("SelectStmt" in statement.node)) return undefined;
  const [target] = statement.node.SelectStmt.targetList ?? [];
  return target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
}

/** Statements that may run: what they do is taken in unless they are certain to fail. */
function branch(draft: EffectDraft, program: Program, list: readonly PlNode[] = []): boolean {
  const before = copyWorld(program.world);
  const part = draft.part(program.world);
  runList(part, program, list);
  if (part.fails) {
    program.world = before;
    return false;
  }
  draft.add(part.effect());
  return true;
}

function runBlock(draft: EffectDraft, program: Program, body: PlBody): boolean {
  if (body.exceptions === undefined) return runList(draft, program, body.body);
  const handlers = (partsOf(body.exceptions).body.exc_list ?? []).map((node) => partsOf(node).body);
  const before = copyWorld(program.world);
  const part = draft.part(program.world);
  const goesOn = runList(part, program, body.body);
  const { failure } = part;
  if (failure === undefined) {
    draft.add(part.effect());
    for (const handler of handlers) branch(draft, program, actionOf(handler));
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
  program.world = before;
  for (const reason of part.effect().unknown) draft.unknown(reason);
  return runList(draft, program, actionOf(handler));
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
  for (const { cond, list } of alternatives) {
    const expression = expressionOf(cond);
    if (expression === undefined) continue;
    evaluate(draft, program, expression, line);
    const condition = valueOf(draft, program, expression, line);
    const text = constantOf(condition, program.bindings);
    const value =
      text === undefined
        ? catalogCondition(program.world, draft.searchPath, condition)
        : text === "true";
    if (value === false) continue;
    if (value === true) return runList(draft, program, list);
    branch(draft, program, list);
  }
  branch(draft, program, body.else_body);
  return true;
}

function runCase(draft: EffectDraft, program: Program, body: PlBody): boolean {
  evaluateAll(draft, program, body, body.lineno ?? 1);
  for (const node of body.case_when_list ?? []) {
    const { expr, stmts, lineno = 1 } = partsOf(node).body;
    const expression = expressionOf(expr);
    if (expression !== undefined) evaluate(draft, program, expression, lineno);
    branch(draft, program, stmts);
  }
  branch(draft, program, body.else_stmts);
  return true;
}

/** A cursor's query is its own, or the one with which it was declared. */
function openCursor(draft: EffectDraft, program: Program, body: PlBody, line: number): void {
  evaluateAll(draft, program, body, line);
  if (body.dynquery !== undefined) runDynamic(draft, program, expressionOf(body.dynquery), line);
  const declared = expressionOf(program.variables[body.curvar ?? -1]?.cursor_explicit_expr);
  if (declared !== undefined) evaluate(draft, program, declared, line);
}

/** FOREACH over an array of constants runs once for each; over anything else its body may run. */
function runForeach(draft: EffectDraft, program: Program, body: PlBody): void {
  const expression = expressionOf(body.expr);
  const array = expression && valueOf(draft, program, expression, body.lineno ?? 1);
  const items = array === undefined ? [] : elementsOf(array);
  const variable = program.variables[body.varno ?? -1]?.refname;
  const values = items.map((item) => constantOf(item, program.bindings));
  if (variable === undefined || values.length === 0 || values.includes(undefined)) {
    branch(draft, program, body.body);
    return;
  }
  const outer = program.bindings;
  for (const value of values as readonly string[]) {
    program.bindings = new Map([...outer, [variable, value]]);
    runList(draft, program, body.body);
  }
  program.bindings = outer;
}

function elementsOf(node: Node): readonly Node[] {
  if ("TypeCast" in node && node.TypeCast.arg !== undefined) return elementsOf(node.TypeCast.arg);
  return "A_ArrayExpr" in node ? (node.A_ArrayExpr.elements ?? []) : [];
}
