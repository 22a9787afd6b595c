import type { Session } from "../../../pg/index.ts";
import { sendAll, type Sent } from "./sent.ts";

/** Longest list of statements that is sent at once. */
const together = 150;

/** What the server says of a statement that failed. */
export interface ServerFailure {
  readonly message: string;
  /** SQLSTATE. */
  readonly code: string;
  /** The rule that refused a row, when it was one: the constraint or the column that is NOT NULL. */
  readonly constraint: string | undefined;
  readonly column: string | undefined;
  readonly schema: string | undefined;
  readonly table: string | undefined;
}

/**
 * Runs statements one by one, each undone before the next.
 *
 * @returns what the server said of those that failed, by their place in the list
 */
export async function tryAll(
  session: Session,
  statements: readonly Sent[],
): Promise<ReadonlyMap<number, ServerFailure>> {
  const failed = new Map<number, ServerFailure>();
  for (let at = 0; at < statements.length;) {
    const some = statements.slice(at, at + together);
    const end = await tryUntilFailure(session, some);
    if (end === undefined) at += some.length;
    else {
      failed.set(at + end.at, end.failure);
      at += end.at + 1;
    }
  }
  return failed;
}

async function tryUntilFailure(session: Session, statements: readonly Sent[]) {
  const head = ["BEGIN", "SET CONSTRAINTS ALL IMMEDIATE", "SAVEPOINT one"];
  const each = statements.flatMap((one) => [one, { sql: "ROLLBACK TO one" }]);
  try {
    const first = head.map((sql) => ({ sql }));
    await sendAll(session, [...first, ...each, { sql: "ROLLBACK" }]);
    return undefined;
  } catch (error) {
    await session.query("ROLLBACK");
    const { completed } = error as { readonly completed: number };
    return { at: (completed - head.length) >> 1, failure: failureIn(error) };
  }
}

export function failureIn(error: unknown): ServerFailure {
  const { message, code, constraint, column, schema, table } = error as ServerFailure;
  return { message: `${message} (${code})`, code, constraint, column, schema, table };
}
