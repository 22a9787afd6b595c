import type { DoStmt, Node } from "@pgsql/types";
import { parseLoaded, ProgramTooDeep, type Statement } from "../../sql/index.ts";
import type { EffectDraft } from "../predict/draft.ts";
import { walk } from "../world/expressions.ts";
import { findRoutines, fold, overlayWorld, type Routine, type World } from "../world/index.ts";
import { dottedName, strings, valueText } from "../world/nodes.ts";
import { mayChangeCatalog } from "./may-change-catalog.ts";
import { parseProgram } from "./parse.ts";
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

function foldRoutine(draft: EffectDraft, routine: Routine, world: World, entered: Entered): void {
  if (entered.has(routine.id) || !mayChangeCatalog(world, draft.searchPath, routine)) return;
  const what = `${routine.kind} ${routine.schema}.${routine.name}`;
  const inner = new Set([...entered, routine.id]);
  if (routine.language === "plpgsql" && routine.body !== undefined)
    runProgram(draft.part(world), { body: routine.body, what }, world, inner);
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
    const kind = text.anonymous === true ? "do" : text.trigger === true ? "trigger" : "routine";
    parsed = parseProgram(text.body, kind);
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
  runStatement(draft, program, parsed.block);
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
