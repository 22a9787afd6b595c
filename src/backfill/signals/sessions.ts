import { hidden, latest, type History, type Signal } from "./signal.ts";

export interface SessionsReading {
  /** Sessions of others that are at work, or wait for the disk; those that wait for a lock or for their client are not. */
  readonly active: number;
  /** Sessions whose state the role may not see. */
  readonly unseen: number;
}

/** A single look is a matter of luck: the mean over so many ms counts. */
const meanMs = 1_500;

/** How many sessions of others are at work, for each processor. */
export const sessions: Signal<SessionsReading> = {
  name: "sessions",
  sql: ({ ours }) => `(SELECT jsonb_build_object(
      'active', count(*) FILTER (WHERE state = 'active' AND wait_event_type IS DISTINCT FROM 'Lock'
                  AND wait_event_type IS DISTINCT FROM 'Client'),
      'unseen', count(*) FILTER (WHERE state IS NULL))
    FROM pg_catalog.pg_stat_activity
   WHERE backend_type IS NULL
      OR backend_type IN ('client backend', 'parallel worker') AND application_name NOT LIKE 'lockstep/backfill%'
         AND pid <> pg_catalog.pg_backend_pid() AND coalesce(leader_pid, pid) <> ALL ('{${ours.join(",")}}'::integer[]))`,
  measure(history, { cpus }) {
    const { unseen } = latest(history).reading;
    if (unseen > 0) return [{ subject: "", unreadable: hidden }];
    const active = meanActive(history, meanMs);
    return [
      {
        limit: "sessions",
        subject: "",
        value: active / cpus,
        unit: "per processor",
        text: `${active.toFixed(1)} other sessions are at work, for ${cpus} processors`,
      },
    ];
  },
};

/** Sessions at work on an average over the last ms. */
export function meanActive(history: History<SessionsReading>, ms: number): number {
  const { at } = latest(history);
  const recent = history.filter((sample) => at - sample.at <= ms);
  return recent.reduce((sum, { reading }) => sum + reading.active, 0) / recent.length;
}
