import type { Session } from "../../../pg/index.ts";

/** Longest list of statements that is sent at once. */
const together = 150;

/**
 * Runs statements one by one, each undone before the next.
 *
 * @returns the server's message for those that failed, by their place in the list
 */
export async function tryAll(
  session: Session,
  texts: readonly string[],
): Promise<ReadonlyMap<number, string>> {
  const failed = new Map<number, string>();
  for (let at = 0; at < texts.length;) {
    const some = texts.slice(at, at + together);
    const end = await tryUntilFailure(session, some);
    if (end === undefined) at += some.length;
    else {
      failed.set(at + end.at, end.message);
      at += end.at + 1;
    }
  }
  return failed;
}

async function tryUntilFailure(session: Session, texts: readonly string[]) {
  const head = ["BEGIN", "SET CONSTRAINTS ALL IMMEDIATE", "SAVEPOINT one"];
  const each = texts.flatMap((text) => [text, "ROLLBACK TO one"]);
  try {
    await session.batch([...head, ...each, "ROLLBACK"].join("\n;\n"));
    return undefined;
  } catch (error) {
    await session.query("ROLLBACK");
    const { completed, code, message } = error as Error & {
      readonly completed: number;
      readonly code: string;
    };
    return { at: (completed - head.length) >> 1, message: `${message} (${code})` };
  }
}
