import { quoteIdent, type Statement } from "../sql/index.ts";
import { foldStatement } from "./plpgsql/index.ts";
import { draftOf } from "./predict/predict.ts";
import { dropOnCommit } from "./world/fold/commit.ts";
import { defaultSearchPath, fold as foldOne, type FoldSession, type World } from "./world/index.ts";

/**
 * Applies a statement to the world, in place, as if it had succeeded; of a DO block, of CALL and of functions in a SELECT
 * what their bodies leave. What cannot be known is said in `world.uncertain`.
 */
export function fold(
  statement: Pick<Statement, "node">,
  world: World,
  { searchPath = defaultSearchPath, inTransaction = true }: FoldSession = {},
): void {
  const { node } = statement;
  if (!("DoStmt" in node || "CallStmt" in node || "SelectStmt" in node)) {
    foldOne(statement, world, { searchPath, inTransaction });
    return;
  }
  const settings = new Map([["search_path", searchPath.map(quoteIdent).join(", ")]]);
  const draft = draftOf({ world, existing: nothing, session: { ...session, settings } });
  foldStatement(draft, statement, world);
  if (!inTransaction) dropOnCommit(world);
}

/** No relation counts: only what a statement leaves is asked for. */
const nothing = { has: () => false } as const;

const unlimited = { ms: 0, from: { kind: "default" } } as const;

const session = {
  inTransaction: true,
  transaction: 0,
  failed: false,
  lockTimeout: unlimited,
  statementTimeout: unlimited,
  held: [],
} as const;
