import type { Queryable } from "../pg/index.ts";
import type { Mark } from "./model.ts";

interface Read {
  readonly at: string;
  readonly mark: Mark;
}

/** Where the server stands now: its clock, its place in the WAL, and what was written so far. */
export async function readMark(database: Queryable): Promise<Read> {
  const { rows } = await database.query<Record<string, string | null>>(
    `SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
            CASE WHEN pg_catalog.pg_is_in_recovery() THEN NULL ELSE pg_catalog.pg_current_wal_lsn()::text END AS lsn,
            tup_inserted::text AS inserted, tup_updated::text AS updated, tup_deleted::text AS deleted,
            stats_reset::text AS since
       FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()`,
  );
  const row = rows[0]!;
  return {
    at: row["at"]!,
    mark: {
      lsn: row["lsn"] ?? null,
      inserted: Number(row["inserted"]),
      updated: Number(row["updated"]),
      deleted: Number(row["deleted"]),
      countedSince: row["since"] ?? null,
    },
  };
}

/** What was written since a snapshot, as far as the server's counters tell: what it does not bring back. */
export interface Since {
  readonly seconds: number;
  /** Bytes of WAL of the whole server; undefined when they cannot be told. */
  readonly walBytes: number | undefined;
  /** Rows of this database; undefined when its counters began anew. */
  readonly rows:
    | { readonly inserted: number; readonly updated: number; readonly deleted: number }
    | undefined;
}

export async function readSince(
  database: Queryable,
  { at, mark }: { readonly at: string; readonly mark: Mark },
): Promise<Since> {
  const now = await readMark(database);
  const seconds = (Date.parse(now.at) - Date.parse(at)) / 1_000;
  const { rows } =
    mark.lsn === null || now.mark.lsn === null
      ? { rows: [] }
      : await database.query<{ bytes: number }>(
          "SELECT pg_catalog.pg_wal_lsn_diff($1::pg_lsn, $2::pg_lsn)::float8 AS bytes",
          [now.mark.lsn, mark.lsn],
        );
  const bytes = rows[0]?.bytes;
  const { inserted, updated, deleted, countedSince } = now.mark;
  const isSame = countedSince === mark.countedSince && inserted >= mark.inserted;
  return {
    seconds,
    walBytes: bytes === undefined || bytes < 0 ? undefined : bytes,
    rows: isSame
      ? {
          inserted: inserted - mark.inserted,
          updated: updated - mark.updated,
          deleted: deleted - mark.deleted,
        }
      : undefined,
  };
}
