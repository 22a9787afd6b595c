import { isLockstepError, LockstepError } from "../errors/index.ts";
import { diskFull, diskFullState, isConnectionLost, sqlState } from "../pg/index.ts";

/** The error for a run whose fence has passed. */
export function leaseLost(cause: unknown): LockstepError {
  return new LockstepError(
    "lease-lost",
    {
      what: "another run has taken over this database",
      expected: "this run's fence to be the newest",
      found: "a newer one in lockstep.lease",
      from: "lockstep.lease",
      why: "this process was stopped or cut off for so long that its lock was lost, and another one began",
      next: ["nothing more was changed by this run; see what the other did: lockstep status"],
    },
    { cause },
  );
}

/**
 * Explains an error of the server met while reading or writing the ledgers, or opening what a run needs.
 * @param where the database's address without the password
 */
export function ledgerFailure(error: unknown, where: string): LockstepError {
  if (isLockstepError(error)) return error;
  const text = (error as Error).message;
  const cause = { cause: error };
  const state = sqlState(error);
  if (isConnectionLost(error))
    return new LockstepError(
      "connection-lost",
      {
        what: `the connection to ${where} was lost`,
        found: text,
        why: "the server restarted or failed over, somebody ended the session, or the network dropped it",
        next: ["run the same command again: it goes on where this one stopped"],
      },
      cause,
    );
  if (state === diskFullState) return new LockstepError("disk-full", diskFull(where, text), cause);
  if (state === "25006")
    return new LockstepError(
      "database-read-only",
      {
        what: `the database at ${where} takes no changes`,
        expected: "a primary server, and a session that may write",
        found: text,
        why: "the URL points at a read replica, or default_transaction_read_only is on for this role or database",
        next: ["use the URL of the primary"],
      },
      cause,
    );
  if (state === "42501")
    return new LockstepError(
      "privilege-missing",
      {
        what: `the role lacks a right that migrations need at ${where}`,
        expected:
          "a role that may create schema lockstep (CREATE on the database) or owns it, and owns the migration tool's own ledger",
        found: text,
        why: "migrations run under the application's role, or the ledger was made by another role",
        next: [
          "run migrations as the role that owns the schema",
          "or once, as an administrator: GRANT CREATE ON DATABASE … TO the role",
        ],
      },
      cause,
    );
  return new LockstepError(
    "internal",
    {
      what: `the ledger at ${where} could not be used`,
      found: `${text}${state === undefined ? "" : ` (SQLSTATE ${state})`}`,
      why: "this is probably a mistake in Lockstep",
      next: ["report it with the text above"],
    },
    cause,
  );
}
