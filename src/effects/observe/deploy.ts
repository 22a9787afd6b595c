import type { Statement } from "../../sql/index.ts";
import { serverFailure, type ServerFailure } from "./failure.ts";
import type { Sessions } from "./observation.ts";
import { controlOf } from "./transactions.ts";

export interface DeployFile {
  readonly file: string;
  readonly statements: readonly Statement[];
}

/** Statements that fail in one transaction over all files, by file and index. */
export type DeployFailures = ReadonlyMap<string, ReadonlyMap<number, ServerFailure>>;

/**
 * Runs all files of a deploy in one transaction and undoes it. A statement that fails is noted and left out, and the
 * whole is run again, so that each of them is found. Files that end their transaction themselves (COMMIT) are cut there: what they
 * would commit must not be committed here.
 */
export async function rehearseDeploy(
  sessions: Sessions,
  files: readonly DeployFile[],
): Promise<DeployFailures> {
  const failures = new Map<string, Map<number, ServerFailure>>();
  let todo = files.flatMap(({ file, statements }) =>
    statements.map((statement) => ({ file, statement })),
  );
  const end = todo.findIndex(({ statement }) => endsBlock(statement));
  if (end !== -1) todo = todo.slice(0, end);
  for (;;) {
    const failed = await runAndUndo(
      sessions,
      todo.map(({ statement }) => statement.sql),
    );
    if (failed === undefined) return failures;
    const { file, statement } = todo[failed.position]!;
    const ofFile = failures.get(file) ?? new Map<number, ServerFailure>();
    failures.set(file, ofFile.set(statement.index, failed.failure));
    todo = todo.filter((_, position) => position !== failed.position);
  }
}

async function runAndUndo(
  { worker, limit }: Sessions,
  statements: readonly string[],
): Promise<{ readonly position: number; readonly failure: ServerFailure } | undefined> {
  if (statements.length === 0) return undefined;
  try {
    const all = ["BEGIN", ...statements];
    await limit.hold(async () => worker.batch(all.join("\n;\n")), all.length);
    return undefined;
  } catch (error) {
    const failure = serverFailure(error);
    const { completed } = error as { completed: number };
    return { position: Math.min(completed - 1, statements.length - 1), failure };
  } finally {
    await worker.batch("ROLLBACK");
  }
}

function endsBlock(statement: Statement): boolean {
  const control = controlOf(statement) ?? "";
  return ["TRANS_STMT_COMMIT", "TRANS_STMT_ROLLBACK", "TRANS_STMT_PREPARE"].includes(control);
}
