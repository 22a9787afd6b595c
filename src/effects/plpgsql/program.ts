import type { Statement } from "../../sql/index.ts";
import type { EffectDraft } from "../predict/draft.ts";
import { doubt } from "../world/fold/context.ts";
import type { World } from "../world/index.ts";
import { attempt } from "./attempt.ts";
import type { Asking } from "./asking.ts";
import { statementsOf } from "./parse.ts";
import { expressionsIn, type PlBody, type PlExpression, type PlNode } from "./tree.ts";
import type { Variables } from "./variables.ts";

/** A PL/pgSQL body. */
export interface ProgramText {
  readonly body: string;
  /** True for a trigger function: NEW, OLD and the TG_ variables are known. */
  readonly trigger?: boolean;
  /** For the function of an event trigger: what it finds in TG_EVENT and TG_TAG. */
  readonly eventTrigger?: { readonly event: string; readonly tag: string };
  /** True for a DO block. */
  readonly anonymous?: boolean;
  /** What it belongs to, for messages: `function public.touch`. */
  readonly what: string;
  /** Line of the body's first character; 1 when it is not in a file. */
  readonly line?: number;
}

/** A body that is gone through. */
export interface Program {
  readonly text: ProgramText;
  readonly declared: readonly PlBody[];
  readonly variables: Variables;
  /** The catalog at the statement that is reached, changed in place. */
  readonly world: World;
  /** True once the variables have the values with which they are declared. */
  isDeclared: boolean;
  /** Rounds of loops that were gone through one by one. */
  rounds: number;
  readonly hasInnerBlocks: boolean;
  /** Goes through one statement; false when the flow ends with it. */
  readonly run: (draft: EffectDraft, program: Program, node: PlNode) => boolean;
  /** Changes the catalog as a statement of SQL does. */
  readonly fold: (draft: EffectDraft, statement: Statement) => void;
}

/** Says why the catalog may differ from here on. */
export function doubtAbout(world: World, reason: string): void {
  doubt({ world, searchPath: [] }, reason);
}

/** False when the flow ends: nothing after it runs. */
export function runList(
  draft: EffectDraft,
  program: Program,
  list: readonly PlNode[] = [],
): boolean {
  for (const node of list) {
    if (!program.run(draft, program, node)) return false;
    // After an error nothing runs but a handler.
    if (draft.fails) return false;
  }
  return true;
}

/** Line in the file, where the body stands in one. */
export function lineOf({ text }: Program, line: number): number {
  return (text.line ?? 1) + line - 1;
}

/** Every expression directly in a statement. */
export function evaluateAll(
  draft: EffectDraft,
  program: Program,
  body: PlBody,
  line: number,
): void {
  for (const expression of expressionsIn(body)) evaluate(draft, program, expression, line);
}

export function evaluate(
  draft: EffectDraft,
  program: Program,
  expression: PlExpression,
  line: number,
): void {
  for (const statement of parsedOf(draft, program, expression, line))
    runSql(draft, program, statement);
}

/** The statements of an expression; what cannot be parsed is unknown. */
export function parsedOf(
  draft: EffectDraft,
  program: Program,
  expression: PlExpression | undefined,
  line: number,
): readonly Statement[] {
  if (expression === undefined) return [];
  const at = lineOf(program, line);
  try {
    return statementsOf(expression, program.text.what, at);
  } catch {
    draft.unknown(`line ${at} of ${program.text.what} could not be parsed`);
    doubtAbout(program.world, `line ${at} of ${program.text.what} could not be parsed`);
    return [];
  }
}

/** LOCK TABLE wants a transaction block only of its client (xact.c, CheckTransactionBlock). */
function sessionFor({ session }: EffectDraft, { kind }: Statement): EffectDraft["session"] {
  return kind === "LockStmt" ? { ...session, inTransaction: true } : session;
}

/** A statement that certainly fails leaves the catalog as it was. */
function runSql(draft: EffectDraft, program: Program, statement: Statement): void {
  const part = draft.part(program.world);
  part.add(part.predict(statement, sessionFor(part, statement)));
  draft.add(part.effect());
  if (!part.fails) program.fold(part, statement);
}

/** What is known where the program has come to. */
export function askingOf(draft: EffectDraft, { world, variables }: Program): Asking {
  return { world, searchPath: draft.searchPath, bindings: variables.bindings };
}

/** The body of a loop that may run any number of times. */
export function repeat(draft: EffectDraft, program: Program, body: PlBody): void {
  program.variables.forgetAssigned([body.var, body.target, body.body]);
  branch(draft, program, body.body, false);
}

/**
 * Statements that may run: what they do is taken in unless they are certain to fail.
 * @param isTrusted true when they run wherever they would change something
 */
export function branch(
  draft: EffectDraft,
  program: Program,
  list: readonly PlNode[] = [],
  isTrusted: boolean,
): void {
  const { world, variables } = program;
  const part = draft.part(world);
  const saved = variables.save();
  const { changed, undo } = attempt(world, () => runList(part, program, list));
  variables.restore(saved);
  if (part.fails) {
    undo();
    return;
  }
  variables.forgetAssigned(list);
  draft.add(part.effect());
  if (changed && !isTrusted)
    doubtAbout(world, `${program.text.what} changes the catalog under a condition`);
}
