import { isLockstepError } from "../errors/index.ts";
import {
  createWorld,
  fold,
  noEffect,
  startPredicting,
  searchPathOf,
  SimulatedSession,
  type TargetSettings,
  type World,
} from "../effects/index.ts";
import { parseSql, type Statement } from "../sql/index.ts";
import type { Facts } from "./facts.ts";
import type { Note } from "./report.ts";
import type { SourceFile } from "./source-file.ts";

/**
 * Facts without a server: the catalog is folded from the parse trees of the base or history, effects are predicted.
 *
 * @param isWhole true when `before` is all there is before the first checked file
 */
export async function foldedFacts(
  before: readonly SourceFile[],
  {
    major,
    isWhole,
    settings,
  }: {
    readonly major: number;
    readonly isWhole: boolean;
    /** Settings of the target, as far as they are known. */
    readonly settings: TargetSettings;
  },
): Promise<Facts> {
  const notes: Note[] = [];
  let predict = startPredicting();
  let world: World = createWorld({ major, complete: isWhole });
  for (const source of before) world = await foldFile(source, world, settings, notes);
  return {
    server: { major, observed: false },
    notes,
    world,
    database: undefined,
    startDeploy: async () => {},
    startFile: async (_file, _parsed, transaction) => {
      if (transaction !== "deploy") predict = startPredicting();
    },
    effectOf: (question) => ({
      effect: predict(question),
      source: { kind: "predicted", major },
    }),
    endFile: async (_parsed, folded) => folded,
    apply: async (source, into) => foldFile(source, into, settings, notes),
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Folds a file that is not checked into a catalog, in place. One that cannot be parsed leaves the catalog uncertain. */
export async function foldFile(
  source: SourceFile,
  world: World,
  settings: TargetSettings,
  notes: Note[],
): Promise<World> {
  let statements: readonly Statement[];
  try {
    statements = await parseSql(source.sql, source.file);
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    notes.push({ kind: "skipped", message: error.explanation.what, file: source.file });
    return { ...world, complete: false };
  }
  if (!source.sql.includes("search_path") && settings["search_path"] === undefined) {
    for (const statement of statements) fold(statement, world);
    return world;
  }
  const session = new SimulatedSession({
    transaction: "file",
    defaults: new Map(Object.entries(settings)),
  });
  session.startFile(source.file, statements);
  for (const statement of statements) {
    fold(statement, world, { searchPath: searchPathOf(session.before(statement)) });
    session.after(statement, noEffect);
  }
  return world;
}
