/** A message that the server sent while a statement ran. */
export interface ServerMessage {
  readonly severity?: string | undefined;
  readonly message?: string | undefined;
}

/** What DEBUG1 messages tell of the work of a statement; names are without schema. */
export interface ToldWork {
  /** Tables whose rows are checked against new constraints (tablecmds.c, ATRewriteTable). */
  readonly verified: ReadonlySet<string>;
  /** Constraints whose rows are looked up in the parent (tablecmds.c, validateForeignKeyConstraint). */
  readonly foreignKeys: ReadonlySet<string>;
  /** How many indexes were built on each table (index.c, index_build). */
  readonly builds: ReadonlyMap<string, number>;
}

const verifying = /^verifying table "(.*)"$/s;
const validating = /^validating foreign key constraint "(.*)"$/s;
const building =
  /^building index "(?:.*)" on table "(.*)" (?:serially|with request for \d+ parallel workers?)$/s;

/**
 * Reads the server's own accounts of its work out of the messages of one statement. They are the same texts on 14 to 18
 * and, being internal, are translated into no language.
 */
export function readMessages(messages: readonly ServerMessage[]): ToldWork {
  const verified = new Set<string>();
  const foreignKeys = new Set<string>();
  const builds = new Map<string, number>();
  for (const { severity = "", message = "" } of messages) {
    // A NOTICE is somebody's own text, which may say anything.
    if (!severity.startsWith("DEBUG")) continue;
    const table = verifying.exec(message)?.[1];
    if (table !== undefined) verified.add(table);
    const constraint = validating.exec(message)?.[1];
    if (constraint !== undefined) foreignKeys.add(constraint);
    const built = building.exec(message)?.[1];
    if (built !== undefined) builds.set(built, (builds.get(built) ?? 0) + 1);
  }
  return { verified, foreignKeys, builds };
}
