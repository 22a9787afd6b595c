import { LockstepError, isLockstepError, type Explanation } from "../errors/index.ts";
import { diskFull, diskFullState, isConnectionLost, sqlState } from "../pg/index.ts";

/**
 * An error of the server or the driver that nobody nearer has explained, e.g. a connection lost between two queries.
 * Anything else is given back as it is.
 *
 * @param where the database's address without the password
 */
export function explainServerError(error: unknown, where: string): unknown {
  if (isLockstepError(error)) return error;
  const found = (error as Error).message;
  const cause = { cause: error };
  if (isConnectionLost(error))
    return new LockstepError("connection-lost", { ...lost(where), found }, cause);
  switch (sqlState(error) ?? "") {
    case diskFullState:
      return new LockstepError("disk-full", diskFull(where, found), cause);
    case "42501":
      return new LockstepError("privilege-missing", { ...unprivileged(where), found }, cause);
    case "25006":
      return new LockstepError("database-read-only", { ...readOnly(where), found }, cause);
    case "55P03":
      return new LockstepError("lock-timeout", { ...locked(where), found }, cause);
    case "57014":
      return new LockstepError("statement-timeout", { ...slow(where), found }, cause);
    default:
      return error;
  }
}

function lost(where: string): Explanation {
  return {
    what: `the connection to ${where} was lost`,
    expected: "one session open to the end",
    why: "the server restarted or failed over, somebody ended the session, or the network dropped it",
    next: ["run the same command again: it goes on where this one stopped"],
  };
}

function unprivileged(where: string): Explanation {
  return {
    what: `the role lacks a right that Lockstep needs at ${where}`,
    expected: "a role that owns schema lockstep, or may read and write its tables",
    why: "the command runs under the application's role, or the ledger was made by another role",
    next: [
      "run it as the role that owns schema lockstep",
      "or once, as that role: GRANT … ON ALL TABLES IN SCHEMA lockstep TO the role",
    ],
  };
}

function readOnly(where: string): Explanation {
  return {
    what: `${where} takes no changes`,
    expected: "a database that can be written to",
    why: "default_transaction_read_only was set, or the primary became a standby, while the command ran",
    next: ["run the same command again, at the primary"],
  };
}

function slow(where: string): Explanation {
  return {
    what: `a statement at ${where} did not end in its time`,
    expected: "an answer within the session's statement_timeout",
    why: "the server is overloaded, the role or database sets a short statement_timeout, or somebody cancelled the statement",
    next: ["lockstep blockers", "then run the same command again"],
  };
}

function locked(where: string): Explanation {
  return {
    what: `the catalog of ${where} could not be read: a table in it stayed locked`,
    expected: "to read definitions within the session's lock_timeout",
    why: "another session holds ACCESS EXCLUSIVE on a table, e.g. a rewrite or a forgotten transaction",
    next: ["lockstep blockers", "then run the same command again"],
  };
}
