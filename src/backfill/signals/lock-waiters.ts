import { latest, type Signal } from "./signal.ts";

interface Reading {
  readonly waiters: readonly {
    readonly pid: number;
    readonly behind: number;
    readonly ms: number;
    readonly application: string | null;
  }[];
}

/**
 * Sessions that wait for a lock of ours: the one signal that is harm done by the backfill itself. `pg_blocking_pids` takes
 * the lock manager's partitions, so it is asked only for sessions that wait at all.
 */
export const lockWaiters: Signal<Reading> = {
  name: "lock-waiters",
  sql: ({ ours }) => {
    const pids = `'{${ours.join(",")}}'::integer[]`;
    return `(SELECT jsonb_build_object('waiters', coalesce(jsonb_agg(jsonb_build_object(
        'pid', w.pid, 'behind', b.pid, 'application', a.application_name,
        'ms', extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(w.since, pg_catalog.clock_timestamp())) * 1000)), '[]'))
      FROM (SELECT pid, min(waitstart) AS since FROM pg_catalog.pg_locks
             WHERE NOT granted AND pid <> ALL (${pids}) GROUP BY pid) w
     CROSS JOIN LATERAL unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
      LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = w.pid
     WHERE b.pid = ANY (${pids}))`;
  },
  measure(history) {
    return latest(history).reading.waiters.map(({ pid, behind, ms, application }) => ({
      limit: "lock-wait",
      subject: `pid ${pid}`,
      value: ms,
      unit: "ms",
      text: `pid ${pid}${application === null || application === "" ? "" : ` (${application})`} has waited ${Math.round(ms)} ms for a lock of the backfill`,
      behind,
    }));
  },
};
