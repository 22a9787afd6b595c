import type { EventBlocker, EventStatement } from "../events/index.ts";
import { readBlockers } from "../pg/index.ts";
import type { RunContext } from "./context.ts";
import { laterLockMs } from "./options.ts";

/** Watches the worker while it is busy with a unit. */
export interface Monitor {
  /** Ends it and tells the longest wait for a lock that was seen, in ms. */
  stop(): number;
}

interface Activity {
  /** From the application name: which statement of the unit runs, from 1. */
  readonly application: string;
  readonly waited: number | null;
}

/**
 * Looks, on the run's second connection, at what the worker does: first after `blockedAfterMs`, so that short
 * statements cost nothing, then again and again. Emits `step.blocked` while it waits for a lock.
 *
 * @param current the statement that runs, given the number in the worker's application name (undefined for a single one)
 * @param isBrief some of the unit's statements wait for a shorter time than `lock_timeout` allows others
 */
export function watch(
  context: RunContext,
  current: (number: number | undefined) => EventStatement | undefined,
  isBrief = false,
): Monitor {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let longestMs = 0;
  // Half the lock timeout at the latest: a statement that gives way sooner would never be told of.
  const { lockTimeoutMs } = context.options;
  const blockedAfterMs = Math.min(
    context.options.blockedAfterMs,
    isBrief ? laterLockMs / 2 : Infinity,
    lockTimeoutMs === 0 ? Infinity : Math.max(50, lockTimeoutMs / 2),
  );
  const look = async () => {
    try {
      const found = await readActivity(context);
      if (found !== undefined && !stopped) {
        const number = /(\d+)\/\d+$/.exec(found.application)?.[1];
        const statement = current(number === undefined ? undefined : Number(number));
        longestMs = Math.max(longestMs, found.waited ?? 0);
        if (found.waited !== null && statement !== undefined) {
          const blockers = await context.trace.use(async (session) =>
            readBlockers(session, context.worker.pid),
          );
          if (!stopped && blockers.length > 0)
            emitBlocked(context, statement, found.waited, blockers);
        }
      }
    } catch {
      // Losing sight of the worker changes nothing for it; a lost connection shows where it is needed.
    }
    if (!stopped) timer = setTimeout(() => void look(), blockedAfterMs).unref();
  };
  timer = setTimeout(() => void look(), blockedAfterMs).unref();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      return longestMs;
    },
  };
}

function emitBlocked(
  context: RunContext,
  statement: EventStatement,
  waitedMs: number,
  blockers: readonly EventBlocker[],
): void {
  context.emit({ type: "step.blocked", statement, waitedMs: Math.round(waitedMs), blockers });
}

async function readActivity({ trace, worker }: RunContext): Promise<Activity | undefined> {
  const { rows } = await trace.use(async (session) =>
    session.query<{ application: string; waited: number | null }>(activitySql, [worker.pid]),
  );
  return rows[0];
}

const activitySql = `SELECT a.application_name AS application,
       (SELECT pg_catalog.max(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - coalesce(l.waitstart, pg_catalog.clock_timestamp())) * 1000)
        FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND NOT l.granted) AS waited
     FROM pg_catalog.pg_stat_activity a WHERE a.pid = $1`;
