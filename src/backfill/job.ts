import type { Cursor } from "./cursor.ts";
import type { RowKey } from "./key.ts";

/** What a backfill is to do. */
export interface JobSpec {
  /** Plan and step, unique in the database. */
  readonly id: string;
  /** As `quoteQualified` writes it. */
  readonly table: string;
  /** What a row gets, over alias `t`: `"flag" = 1`. */
  readonly set: string;
  /** Condition over alias `t` that holds for rows still to be filled, and no longer for a row that was. */
  readonly todo: string;
}

/** A backfill as it is kept in the ledger. */
export interface Job extends JobSpec {
  /** What the rows are gone through by. */
  readonly key: RowKey;
}

/** A stretch of the key's order, and how far it is done. */
export interface Range {
  readonly number: number;
  /** Rises with each claim. */
  readonly fence: string;
  /** The last key that is done; null before the first row of the table. */
  readonly reached: Cursor | null;
  /** The last key of it; null for the end of the table. */
  readonly upto: Cursor | null;
}

/** Who works: shown to people, and how others see whether it still lives. */
export interface Holder {
  readonly name: string;
  /** Process id and start of the session, as pg_stat_activity has them. */
  readonly session: string;
}
