import type { EffectDraft } from "../predict/draft.ts";
import { fold, overlayWorld, type World } from "../world/index.ts";
import { parseProgram } from "./parse.ts";
import { doubtAbout, type Fold, type Program, type ProgramText } from "./program.ts";
import { runStatement } from "./statements.ts";
import type { PlBody } from "./tree.ts";
import { Variables } from "./variables.ts";

/** What a PL/pgSQL body does, on the catalog of the draft, which stays as it is. */
export function predictProgram(draft: EffectDraft, text: ProgramText): void {
  runProgram(draft, text, overlayWorld(draft.world));
}

/**
 * Goes through a PL/pgSQL body: its static SQL, and dynamic SQL made of constants, in order, each on the catalog that those
 * before it leave. Conditions that are constant or ask the catalog are decided, other branches and loops are taken as run,
 * unless a branch is certain to fail: then it is there for a catalog that looks otherwise. Whatever is caught by a handler
 * is undone.
 *
 * @param draft gets what the statements do
 * @param world gets what they leave; where that cannot be known, a doubt
 * @param foldWith how a statement of SQL changes the world
 */
export function runProgram(
  draft: EffectDraft,
  text: ProgramText,
  world: World,
  foldWith: Fold = fold,
): void {
  let parsed: ReturnType<typeof parseProgram>;
  try {
    const kind = text.anonymous === true ? "do" : text.trigger === true ? "trigger" : "routine";
    parsed = parseProgram(text.body, kind);
  } catch (error) {
    const reason = (error as Error).message;
    if (text.anonymous === true) draft.fail("always", "42601", reason);
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
    hasInnerBlocks: countBlocks(parsed.block) > 1,
    run: runStatement,
    fold: foldWith,
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
