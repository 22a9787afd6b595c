import type { EventBlocker } from "../events/index.ts";
import { readBlockers, type Session } from "../pg/index.ts";
import { maskLiterals } from "../sql/index.ts";

/** A session that waits for a lock, and who stands in its way. */
export interface WaitingSession {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  /** How long it waits for the lock; 0 while the server has not noted that yet. */
  readonly seconds: number;
  /** Masked. */
  readonly query: string;
  readonly blockers: readonly EventBlocker[];
}

/** Every session of this database that waits for a lock, the longest wait first. */
export async function readWaiting(session: Session): Promise<readonly WaitingSession[]> {
  const { rows } = await session.query<Omit<WaitingSession, "blockers">>(
    `SELECT pid, application_name AS application, coalesce(usename, '') AS user, coalesce(query, '') AS query,
            coalesce(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.since), 0) AS seconds
       FROM pg_catalog.pg_stat_activity a
       LEFT JOIN (SELECT pid AS waiter, pg_catalog.min(waitstart) AS since FROM pg_catalog.pg_locks WHERE NOT granted GROUP BY 1) l
         ON l.waiter = a.pid
      WHERE datname = pg_catalog.current_database() AND pg_catalog.cardinality(pg_catalog.pg_blocking_pids(pid)) > 0
      ORDER BY seconds DESC, pid`,
  );
  const waiting: WaitingSession[] = [];
  for (const row of rows) {
    const blockers = await readBlockers(session, row.pid);
    // It may have got its lock meanwhile.
    if (blockers.length > 0)
      waiting.push({ ...row, query: await maskLiterals(row.query), blockers });
  }
  return waiting;
}
