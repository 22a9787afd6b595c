import type { DoStmt } from "@pgsql/types";
import { quoteIdent, type Statement } from "../sql/index.ts";
import { runProgram } from "./plpgsql/index.ts";
import { draftOf } from "./predict/predict.ts";
import { doubt, type FoldContext } from "./world/fold/context.ts";
import {
  defaultSearchPath,
  fold as foldStatement,
  type FoldSession,
  type World,
} from "./world/index.ts";
import { valueText } from "./world/nodes.ts";

/**
 * Applies a statement to the world, in place, as if it had succeeded; of a DO block what its body leaves, as `runProgram`
 * finds it. What cannot be known is said in `world.uncertain`.
 */
export function fold(
  statement: Pick<Statement, "node">,
  world: World,
  session: FoldSession = {},
): void {
  const { searchPath = defaultSearchPath } = session;
  if ("DoStmt" in statement.node) foldDo({ world, searchPath }, statement.node.DoStmt);
  else foldStatement(statement, world, session);
}

function foldDo(context: FoldContext, { args = [] }: DoStmt): void {
  const option = (name: string) => {
    for (const node of args)
      if ("DefElem" in node && node.DefElem.defname === name) return valueText(node.DefElem.arg);
    return undefined;
  };
  const body = option("as");
  if (body === undefined || (option("language") ?? "plpgsql").toLowerCase() !== "plpgsql") {
    doubt(context, "a DO block in another language than PL/pgSQL may change anything");
    return;
  }
  const { world, searchPath } = context;
  const draft = draftOf({ world, existing: nothing, session: sessionWith(searchPath) });
  runProgram(draft, { body, anonymous: true, what: "a DO block" }, world, fold);
  if (draft.failure !== undefined) doubt(context, `a DO block fails: ${draft.failure.message}`);
}

/** No relation counts: only what the block leaves is asked for. */
const nothing = { has: () => false } as const;

const unlimited = { ms: 0, from: { kind: "default" } } as const;

function sessionWith(searchPath: readonly string[]) {
  return {
    inTransaction: true,
    transaction: 0,
    failed: false,
    lockTimeout: unlimited,
    statementTimeout: unlimited,
    settings: new Map([["search_path", searchPath.map(quoteIdent).join(", ")]]),
    held: [],
  } as const;
}
