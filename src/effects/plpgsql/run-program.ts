import type { DoStmt, Node } from "@pgsql/types";
import { parseLoaded, ProgramTooDeep, type Statement } from "../../sql/index.ts";
import type { EffectDraft } from "../predict/draft.ts";
import { walk } from "../world/expressions.ts";
import { dropsPart, firedBy } from "../event-triggers/index.ts";
import {
  findRoutines,
  fold,
  overlayWorld,
  type EventTriggerEvent,
  type Routine,
  type World,
} from "../world/index.ts";
import { dottedName, strings, valueText } from "../world/nodes.ts";
import { mayChangeCatalog } from "./may-change-catalog.ts";
import { parseProgram, type ProgramKind } from "./parse.ts";
import { doubtAbout, type Program, type ProgramText } from "./program.ts";
import { runStatement } from "./statements.ts";
import type { PlBody } from "./tree.ts";
import { Variables } from "./variables.ts";

/** Routines whose bodies are being gone through. */
type Entered = ReadonlySet<number>;

/** What a PL/pgSQL body does, on the catalog of the draft, which stays as it is. */
export function predictProgram(draft: EffectDraft, text: ProgramText): void {
  runProgram(draft, text, overlayWorld(draft.world));
}

/**
 * Applies a statement to the world, in place, as if it had succeeded: of a DO block, of CALL and of functions in a SELECT
 * what their bodies leave. What cannot be known is said in `world.uncertain`.
 */
export function foldStatement(
  draft: EffectDraft,
  statement: Pick<Statement, "node">,
  world: World,
  entered: Entered = new Set(),
): void {
  const { node } = statement;
  const fire = (event: EventTriggerEvent): void => {
    for (const { trigger, tag, routine } of firedBy(world, draft.session, node, event))
      if (routine === undefined)
        doubtAbout(world, `event trigger ${trigger.name} calls a function that is not known`);
      else foldRoutine(draft, routine, world, entered, { eventTrigger: { event, tag } });
  };
  const isDrop = "DropStmt" in node || dropsPart(world, node, draft.searchPath);
  fire("ddl_command_start");
  if ("DoStmt" in node) foldDo(draft, node.DoStmt, world, entered);
  else if ("CallStmt" in node) {
    const { funcname, args = [] } = node.CallStmt.funccall ?? {};
    const routines = called(draft, world, strings(funcname), args.length);
    if (routines.length !== 1)
      doubtAbout(world, `CALL ${strings(funcname).join(".")} may change anything`);
    for (const routine of routines) foldRoutine(draft, routine, world, entered);
  } else {
    fold(statement, world, { searchPath: draft.searchPath });
    if ("SelectStmt" in node && world.routines.size > 0) foldCalls(draft, node, world, entered);
  }
  if (isDrop) fire("sql_drop");
  fire("ddl_command_end");
}

function foldDo(draft: EffectDraft, { args = [] }: DoStmt, world: World, entered: Entered): void {
  const option = (name: string) => {
    for (const node of args)
      if ("DefElem" in node && node.DefElem.defname === name) return valueText(node.DefElem.arg);
    return undefined;
  };
  const body = option("as");
  if (body === undefined || (option("language") ?? "plpgsql").toLowerCase() !== "plpgsql") {
    doubtAbout(world, "a DO block in another language than PL/pgSQL may change anything");
    return;
  }
  const part = draft.part(world);
  runProgram(part, { body, anonymous: true, what: "a DO block" }, world, entered);
  if (part.failure !== undefined) doubtAbout(world, `a DO block fails: ${part.failure.message}`);
}

/** The functions that a query calls. Only a volatile one may change the catalog (functions.c, "is not allowed in a non-volatile function"). */
function foldCalls(draft: EffectDraft, tree: Node, world: World, entered: Entered): void {
  walk(tree, (node) => {
    if (!("FuncCall" in node)) return;
    const { funcname, args = [] } = node.FuncCall;
    const routines = called(draft, world, strings(funcname), args.length).filter(
      ({ volatility }) => volatility === "volatile",
    );
    if (routines.length === 1) foldRoutine(draft, routines[0]!, world, entered);
    else if (routines.some((routine) => mayChangeCatalog(world, draft.searchPath, routine)))
      doubtAbout(world, `which ${strings(funcname).join(".")} is called is not known`);
  });
}

function called(
  { searchPath }: EffectDraft,
  world: World,
  name: readonly string[],
  count: number,
): readonly Routine[] {
  const routines = findRoutines(world, dottedName(name), searchPath);
  const exact = routines.filter((routine) => routine.arguments.length === count);
  return exact.length > 0 ? exact : routines;
}

function foldRoutine(
  draft: EffectDraft,
  routine: Routine,
  world: World,
  entered: Entered,
  options: Pick<ProgramText, "eventTrigger"> = {},
): void {
  if (entered.has(routine.id) || !mayChangeCatalog(world, draft.searchPath, routine)) return;
  const what = `${routine.kind} ${routine.schema}.${routine.name}`;
  const inner = new Set([...entered, routine.id]);
  if (routine.language === "plpgsql" && routine.body !== undefined)
    runProgram(draft.part(world), { ...options, body: routine.body, what }, world, inner);
  else if (routine.language === "sql" && routine.body !== undefined)
    for (const statement of parseLoaded(routine.body, what))
      foldStatement(draft, statement, world, inner);
  else doubtAbout(world, `${what} may change anything`);
}

/**
 * Goes through a PL/pgSQL body: its static SQL, and dynamic SQL made of constants, in order, each on the catalog that those
 * before it leave. Conditions that are constant or ask the catalog are decided, other branches and loops are taken as run,
 * unless a branch is certain to fail: then it is there for a catalog that looks otherwise. Whatever is caught by a handler
 * is undone.
 *
 * @param draft gets what the statements do
 * @param world gets what they leave; where that cannot be known, a doubt
 * @param entered routines whose bodies are being gone through already
 */
export function runProgram(
  draft: EffectDraft,
  text: ProgramText,
  world: World,
  entered: Entered = new Set(),
): void {
  let parsed: ReturnType<typeof parseProgram>;
  try {
    parsed = parseProgram(text.body, kindOf(text));
  } catch (error) {
    const reason = (error as Error).message;
    if (text.anonymous === true && !(error instanceof ProgramTooDeep))
      draft.fail("always", "42601", reason);
    else draft.unknown(`the body of ${text.what} could not be parsed: ${reason}`);
    doubtAbout(world, `${text.what} could not be parsed`);
    return;
  }
  const declared = parsed.variables;
  const program: Program = {
    text,
    declared,
    variables: new Variables(declared),
    world,
    isDeclared: false,
    rounds: 0,
    hasInnerBlocks: countBlocks(parsed.block) > 1,
    run: runStatement,
    fold: (part, statement) => foldStatement(part, statement, world, entered),
  };
  const { eventTrigger } = text;
  if (eventTrigger !== undefined)
    for (const [name, value] of Object.entries(eventTrigger))
      program.variables.set(`tg_${name}`, value);
  runStatement(draft, program, parsed.block);
}

function kindOf({ anonymous, trigger, eventTrigger }: ProgramText): ProgramKind {
  if (anonymous === true) return "do";
  if (eventTrigger !== undefined) return "event trigger";
  return trigger === true ? "trigger" : "routine";
}

/** Blocks of a tree that stand in the text: the outermost one may be the parser's own. */
function countBlocks(tree: unknown): number {
  if (typeof tree !== "object" || tree === null) return 0;
  return Object.entries(tree).reduce(
    (sum, [key, value]) =>
      sum +
      countBlocks(value) +
      Number(key === "PLpgSQL_stmt_block" && (value as PlBody).lineno !== undefined),
    0,
  );
}
