import { LockstepError } from "../errors/index.ts";
import type { EventBlocker } from "../events/index.ts";
import { sqlState, type Session } from "../pg/index.ts";
import { maskLiterals } from "../sql/index.ts";

/** A session as it was shown to the person who asks for its end. */
export type ShownSession = Pick<EventBlocker, "pid" | "query" | "transactionSeconds">;

/**
 * Ends a session that stands in the way, only because a person asked for it by name, and only if it is still in the
 * transaction and at the query that the person was shown: pids are used again, and what was a forgotten read may be a
 * payment now.
 *
 * @param shownAt `performance.now()` when the session was read
 * @throws LockstepError `blocker-changed` when it is gone or does something else, `privilege-missing`
 */
export async function terminateBlocker(
  session: Session,
  shown: ShownSession,
  shownAt: number,
): Promise<void> {
  const { rows } = await session.query<{ query: string; began: string | null; age: number }>(
    `SELECT coalesce(query, '') AS query, xact_start::text AS began, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - xact_start) AS age
     FROM pg_catalog.pg_stat_activity WHERE pid = $1`,
    [shown.pid],
  );
  const now = rows[0];
  if (now === undefined) throw changed(shown, "no session with this pid any more");
  if (now.began === null) throw changed(shown, "no open transaction that this role can see");
  const query = await maskLiterals(now.query);
  if (query !== shown.query) throw changed(shown, `another query: ${query}`);
  // Ages, not times of day: the server's clock is not ours.
  const age = shown.transactionSeconds + (performance.now() - shownAt) / 1000;
  if (!(Math.abs(now.age - age) < toleranceSeconds)) throw changed(shown, "a newer transaction");
  try {
    // Compared once more by the server itself, in the statement that ends it.
    const { rowCount } = await session.query(
      `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
       WHERE pid = $1 AND coalesce(query, '') = $2 AND xact_start = $3::timestamptz`,
      [shown.pid, now.query, now.began],
    );
    if (rowCount !== 1) throw changed(shown, "it went on while it was looked at");
  } catch (error) {
    if (sqlState(error) !== "42501") throw error;
    throw new LockstepError(
      "privilege-missing",
      {
        what: `this role may not end session ${shown.pid}`,
        expected: "membership in the role of that session, or in pg_signal_backend",
        found: (error as Error).message,
        next: ["ask an administrator, or end it in the application that owns it"],
      },
      { cause: error },
    );
  }
}

/** For the time between reading the session and showing it. */
const toleranceSeconds = 1;

function changed(shown: ShownSession, found: string): LockstepError {
  return new LockstepError("blocker-changed", {
    what: `session ${shown.pid} is not what it was; it was not ended`,
    expected: `${shown.query} in the transaction that was shown`,
    found,
    from: "pg_stat_activity",
    why: "it finished its work, or another session got its process id",
    next: ["look again who blocks: lockstep blockers"],
  });
}
