import { bytes } from "../../pg/index.ts";
import {
  hidden,
  latest,
  type History,
  type Measure,
  type Signal,
  type Unreadable,
} from "./signal.ts";

interface Reading {
  /** Bytes of WAL from the start of time to now. */
  readonly now: number;
  readonly standbys: readonly {
    readonly name: string;
    /** NULL when the role may not see it. */
    readonly state: string | null;
    readonly replayed: number | null;
    readonly seconds: number | null;
  }[];
}

/**
 * How far each standby is behind in replaying. The server's own `replay_lag` stands still while nothing is replayed
 * (LagTrackerRead, walsender.c), so the age of what a standby has replayed is also told from where the primary was when.
 * A standby that was there and is gone is one that cannot be read.
 */
export const replicas: Signal<Reading> = {
  name: "replicas",
  sql: () => `(SELECT jsonb_build_object(
    'now', pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0'),
    'standbys', coalesce(jsonb_agg(jsonb_build_object(
      'name', coalesce(nullif(application_name, ''), client_addr::text, 'pid ' || pid),
      'state', state,
      'replayed', pg_catalog.pg_wal_lsn_diff(coalesce(replay_lsn, flush_lsn, sent_lsn), '0/0'),
      'seconds', extract(epoch FROM replay_lag))), '[]'))
    FROM pg_catalog.pg_stat_replication WHERE state IS DISTINCT FROM 'backup')`,
  measure(history, { ignoreReplicas }) {
    const { now, standbys } = latest(history).reading;
    const isWatched = ({ name }: { readonly name: string }) => !ignoreReplicas.has(name);
    const names = new Set(standbys.map(({ name }) => name));
    const gone = history
      .flatMap(({ reading }) => reading.standbys)
      .filter((one) => isWatched(one) && !names.has(one.name));
    return [
      ...standbys
        .filter(isWatched)
        .flatMap(({ name, state, replayed, seconds }): readonly (Measure | Unreadable)[] =>
          state === null || replayed === null
            ? [{ subject: name, unreadable: hidden }]
            : lagOf(name, {
                bytesBehind: Math.max(0, now - replayed),
                secondsBehind: Math.max(
                  seconds !== null && now > replayed ? seconds : 0,
                  ageOf(history, replayed),
                ),
              }),
        ),
      ...[...new Set(gone.map(({ name }) => name))].map((name) => ({
        subject: name,
        unreadable: `standby ${name} is not connected any more`,
      })),
    ];
  },
};

function lagOf(
  name: string,
  { bytesBehind, secondsBehind }: { readonly bytesBehind: number; readonly secondsBehind: number },
): readonly Measure[] {
  return [
    {
      limit: "replica-bytes",
      subject: name,
      value: bytesBehind,
      unit: "bytes",
      text: `standby ${name} has ${bytes(bytesBehind)} to replay`,
    },
    {
      limit: "replica-seconds",
      subject: name,
      value: secondsBehind,
      unit: "s",
      text: `standby ${name} is ${secondsBehind.toFixed(1)} s behind`,
    },
  ];
}

/** Seconds since the primary was where a standby is now, as far as is remembered. */
function ageOf(history: History<Reading>, replayed: number): number {
  const first = history.find(({ reading }) => reading.now > replayed);
  return first === undefined ? 0 : (latest(history).at - first.at) / 1_000;
}
