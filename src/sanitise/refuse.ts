import { LockstepError } from "../errors/index.ts";
import {
  isConnectionLost,
  sqlState,
  type CopyFailure,
  type ServerError,
  type Session,
} from "../pg/index.ts";

/** Lines that an error shows; the others are counted. */
const mostShown = 30;

/** Why no row is copied. */
export function refused(where: string, problems: readonly string[]): LockstepError {
  const shown = problems.slice(0, mostShown);
  const more = problems.length - shown.length;
  return new LockstepError("sanitise-refused", {
    what: `no row of ${where} is copied: ${problems.length === 1 ? "a column needs" : `${problems.length} columns need`} a rule, or a rule is wrong`,
    expected: "for each column a rule, or a mask that its keys and conditions allow",
    found: [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    from: "sanitise of the config, and the schema of the applied migrations",
    why: "what no rule allows is not copied as it is, and a mask must not break what the schema promises",
    next: [
      'write a rule for each: sanitise: { columns: { "schema.table.column": "keep" | "null" | "mask" | "fake" | "email" | { value: "…" } | { sql: "…" } } }',
      "or rehearse on rows made from statistics: leave --sanitise away",
    ],
  });
}

/** What a server says; of the source's data exceptions the code alone: their texts show the value. */
export function toldOf(error: unknown): string {
  const state = sqlState(error);
  const isRead = (error as Partial<CopyFailure>).side === "read";
  return isRead && state !== undefined && /^(22|23|P0)/.test(state)
    ? `SQLSTATE ${state}`
    : (error as Error).message;
}

/**
 * What stopped a copy half-way. A session that the source's server ended while nothing ran in it has told why before: a standby
 * ends those that stand in recovery's way, too (manual 26.4.2).
 *
 * @param what of it: a table, or the rows
 */
export async function stopped(
  failure: unknown,
  what: string,
  source: Session,
): Promise<LockstepError> {
  const last = isConnectionLost(failure) ? await lastWordOf(source) : undefined;
  const error = last ?? failure;
  const state = sqlState(error);
  const { message } = error as ServerError;
  const side = last === undefined ? (failure as Partial<CopyFailure>).side : "read";
  const isRead = side === "read";
  const isConflict =
    isRead && (state === "40001" || state === "40P01" || /conflict with recovery/.test(message));
  return new LockstepError(
    "sanitise-failed",
    {
      what: `the copy of ${what} came to no end`,
      expected: "all rows of one snapshot",
      found: `${isRead ? "the source: " : side === "write" ? "the copy: " : ""}${toldOf(error)}`,
      from: source.where,
      why: isConflict
        ? "a standby ends what its primary's changes stand in the way of, once max_standby_streaming_delay is over (max_standby_archive_delay, of WAL from an archive)"
        : isRead
          ? "the source ended the query, or an expression of a rule fails on a row"
          : side === "write" && state?.startsWith("23") === true
            ? "a masked value breaks a condition that the first rows met"
            : "a server ended the session, or is out of reach",
      next: isConflict
        ? [
            "on the standby: ALTER SYSTEM SET hot_standby_feedback = on; SELECT pg_reload_conf();  the primary's VACUUM keeps what the copy reads then",
            "where locks of the primary are the reason (DROP, TRUNCATE, ALTER TABLE), ALTER SYSTEM SET max_standby_streaming_delay there to longer than the copy takes",
            "then run it again, nothing was left behind; or name a restored copy's URL",
          ]
        : [
            "run it again: nothing was left behind",
            "where a condition was broken, give the column a rule that it allows: docs/rehearse.md",
          ],
    },
    { cause: error },
  );
}

/** What the server said when it ended the session; undefined while that is open, or where it said nothing. */
async function lastWordOf(session: Session): Promise<Error | undefined> {
  const word = await Promise.race([session.lost, Promise.resolve()]);
  return word !== undefined && sqlState(word) !== undefined ? word : undefined;
}
