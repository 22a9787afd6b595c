import type { Cursor } from "./cursor.ts";
import type { RowKey } from "./key.ts";
import type { TableFile } from "./place.ts";

/** In place of what a row gets: it goes. */
export const deletion = "DELETE";

/** What a backfill is to do. */
export interface JobSpec {
  /** Plan and step, unique in the database. */
  readonly id: string;
  /** As `quoteQualified` writes it. */
  readonly table: string;
  /** What a row gets, over alias `t`: `"flag" = 1`; or `deletion`. */
  readonly set: string;
  /** Condition over alias `t` that holds for rows still to be filled, and no longer for one that was, but for `once`. */
  readonly todo: string;
  /**
   * True when nothing but the cursor tells which rows are done: a key is needed, and rows whose key is greater than all are
   * when it is begun are left alone. False by default.
   */
  readonly once?: boolean;
}

/** A backfill as it is kept in the ledger. */
export interface Job extends JobSpec {
  /** What the rows are gone through by; null for their place in the table's files. */
  readonly key: RowKey | null;
}

/** A stretch of the order in which rows are gone through, and how far it is done. */
export interface Range {
  readonly number: number;
  /** Where its rows are, as `quoteQualified` writes it: the job's table, or without a key the one whose file it is in. */
  readonly relation: string;
  /** Without a key: the file in which its places mean something. */
  readonly file: Pick<TableFile, "oid" | "node"> | null;
  /** Rises with each claim. */
  readonly fence: string;
  /** The last key or place that is done; null before the first key of the table. */
  readonly reached: Cursor | null;
  /** The last key or place of it; null for the end of the key's order. */
  readonly upto: Cursor | null;
}

/** Who works: shown to people, and how others see whether it still lives. */
export interface Holder {
  readonly name: string;
  /** Process id and start of the session, as pg_stat_activity has them. */
  readonly session: string;
}
