import type { Session } from "../../../pg/index.ts";

/** A statement as it goes to the server. */
export interface Sent {
  readonly sql: string;
  /** The rows that a `COPY … FROM STDIN` is given, in text format. */
  readonly copied?: string;
}

/** Runs statements as one message; see `Session.batch`. */
export async function sendAll(session: Session, statements: readonly Sent[]): Promise<void> {
  await session.batch(
    statements.map(({ sql }) => sql).join("\n;\n"),
    statements.flatMap(({ copied }) => copied ?? []),
  );
}

/** Runs one statement. */
export async function send(session: Session, statement: Sent): Promise<void> {
  await sendAll(session, [statement]);
}
