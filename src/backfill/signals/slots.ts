import { bytes } from "../../pg/index.ts";
import { latest, type Measure, type Signal } from "./signal.ts";

interface Reading {
  readonly slots: readonly {
    readonly name: string;
    readonly active: boolean;
    /** `reserved`, `extended`, `unreserved`; slots that keep nothing are left out. */
    readonly status: string | null;
    readonly retained: number;
    /** Bytes until it is invalidated; NULL without a limit. */
    readonly safe: number | null;
  }[];
}

/** WAL that replication slots keep: an unread one fills the primary's disk, or is invalidated and its consumer lost. */
export const slots: Signal<Reading> = {
  name: "slots",
  sql: () => `(SELECT jsonb_build_object('slots', coalesce(jsonb_agg(jsonb_build_object(
      'name', slot_name, 'active', active, 'status', wal_status,
      'retained', pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), restart_lsn),
      'safe', safe_wal_size)), '[]'))
    FROM pg_catalog.pg_replication_slots
   WHERE restart_lsn IS NOT NULL AND wal_status IS DISTINCT FROM 'lost')`,
  measure(history) {
    return latest(history).reading.slots.flatMap(({ name, active, status, retained, safe }) => {
      const what = `slot ${name}${active ? "" : " (inactive)"}`;
      const all: Measure[] = [
        {
          limit: "slot-bytes",
          subject: name,
          value: retained,
          unit: "bytes",
          text: `${what} keeps ${bytes(retained)} of WAL`,
        },
      ];
      // Without a limit a slot is never invalidated; one that is past it has nothing left.
      if (safe !== null || status === "unreserved") {
        const share = safe === null || safe <= 0 ? 1 : retained / (retained + safe);
        all.push({
          limit: "slot-share",
          subject: name,
          value: share,
          unit: "",
          text: `${what} has used ${Math.round(share * 100)} % of the WAL that it may keep`,
        });
      }
      return all;
    });
  },
};
