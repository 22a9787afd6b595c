import { bytes } from "../../pg/index.ts";
import { before, latest, type Signal } from "./signal.ts";

interface Reading {
  readonly now: number;
  /** Checkpoints that were asked for, by max_wal_size or a command. */
  readonly requested: number;
}

/** Checkpoints are counted over so many ms, and the rate of WAL over a shorter time. */
const checkpointMs = 60_000;
const rateMs = 1_500;

/**
 * How fast WAL is written, and whether max_wal_size is outrun: each checkpoint makes every page's next change a
 * full-page image, for everybody. The counters moved to pg_stat_checkpointer in Postgres 17.
 */
export const wal: Signal<Reading> = {
  name: "wal",
  sql: ({ major }) => `jsonb_build_object(
    'now', pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0'),
    'requested', (SELECT ${
      major >= 17
        ? "num_requested FROM pg_catalog.pg_stat_checkpointer"
        : "checkpoints_req FROM pg_catalog.pg_stat_bgwriter"
    }))`,
  measure(history) {
    const { at, reading } = latest(history);
    const past = before(history, rateMs);
    const rate = at === past.at ? 0 : ((reading.now - past.reading.now) / (at - past.at)) * 1_000;
    const minute = history.filter((sample) => at - sample.at <= checkpointMs);
    const forced = reading.requested - minute[0]!.reading.requested;
    return [
      {
        limit: "wal-rate",
        subject: "",
        value: rate,
        unit: "bytes/s",
        text: `the server writes ${bytes(rate)} of WAL a second`,
      },
      {
        limit: "checkpoints",
        subject: "",
        value: forced,
        unit: "",
        text: `max_wal_size has forced ${forced} checkpoints within a minute`,
      },
    ];
  },
};
