import { latest, type Measure, type Signal } from "./signal.ts";

interface Reading {
  /** Undefined values while nothing is archived. */
  readonly on: boolean;
  readonly failing: boolean;
  readonly failures: number;
  readonly last: string | null;
  readonly current: string;
  readonly segmentBytes: number;
}

/** WAL that waits to be archived: what is not archived cannot be removed, and fills the disk. */
export const archiver: Signal<Reading> = {
  name: "archiver",
  sql: () => `(SELECT jsonb_build_object(
      'on', pg_catalog.current_setting('archive_mode') <> 'off',
      'failing', coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false),
      'failures', failed_count, 'last', last_archived_wal,
      'current', pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()),
      'segmentBytes', (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'wal_segment_size'))
    FROM pg_catalog.pg_stat_archiver)`,
  measure(history) {
    const { on, failing, last, current, segmentBytes } = latest(history).reading;
    if (!on) return [];
    const all: Measure[] = [];
    if (failing)
      all.push({
        limit: "always",
        subject: "",
        value: 1,
        unit: "",
        text: "the archiver's last attempt has failed",
      });
    const archived = last === null ? undefined : segmentNumber(last, segmentBytes);
    const written = segmentNumber(current, segmentBytes);
    // Nothing was archived yet, or the last was a timeline's history.
    if (archived === undefined || written === undefined) return all;
    const waiting = Math.max(0, written - archived - 1);
    all.push({
      limit: "archiver",
      subject: "",
      value: waiting,
      unit: "segments",
      text: `${waiting} segments of WAL wait to be archived`,
    });
    return all;
  },
};

/** The number of a segment in its timeline, from its file's name: timeline, high and low part, eight digits each. */
function segmentNumber(file: string, segmentBytes: number): number | undefined {
  if (!/^[0-9A-F]{24}/.test(file)) return undefined;
  const [high, low] = [file.slice(8, 16), file.slice(16, 24)].map((part) =>
    Number.parseInt(part, 16),
  ) as [number, number];
  return high * (2 ** 32 / segmentBytes) + low;
}
