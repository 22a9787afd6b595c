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
import { RollbackPoints } from "../rules/index.ts";
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
    lasting,
  }: {
    readonly major: number;
    readonly isWhole: boolean;
    /** Settings of the target, as far as they are known. */
    readonly settings: TargetSettings;
    /** What `before` has set for all later sessions. */
    readonly lasting: TargetSettings;
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
    apply: async (source, into) => foldFile(source, into, { ...lasting, ...settings }, notes),
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * Folds a file that is not checked into a catalog, which is changed in place, and gives the one to go on with. A file that
 * cannot be parsed leaves it uncertain.
 */
export async function foldFile(
  source: SourceFile,
  before: World,
  settings: TargetSettings,
  notes: Note[],
): Promise<World> {
  let world = before;
  let statements: readonly Statement[];
  try {
    statements = await parseSql(source.sql, source.file);
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    notes.push({ kind: "skipped", message: error.explanation.what, file: source.file });
    return { ...world, complete: false };
  }
  const rollbacks = new RollbackPoints(statements);
  const namesPath = source.sql.includes("search_path") || settings["search_path"] !== undefined;
  if (!namesPath && !rollbacks.expected) {
    for (const statement of statements) fold(statement, world);
    return world;
  }
  const session = new SimulatedSession({
    // What a file takes back, it took back from its own BEGIN on.
    transaction: rollbacks.expected ? "statement" : "file",
    defaults: new Map(Object.entries(settings)),
  });
  session.startFile(source.file, statements);
  for (const statement of statements) {
    const state = session.before(statement);
    rollbacks.before(world, state);
    fold(statement, world, {
      searchPath: searchPathOf(state),
      inTransaction: state.inTransaction,
    });
    session.after(statement, noEffect);
    world = rollbacks.after(statement, world);
  }
  return world;
}
