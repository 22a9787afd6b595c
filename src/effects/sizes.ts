import type { QualifiedName } from "../sql/index.ts";
import type { TargetSettings } from "./target-settings.ts";

/** How big the relations of a database are: no data, safe to commit. Written by `lockstep stats export`. */
export interface Sizes {
  readonly version: 1;
  /** ISO time at which it was read. */
  readonly takenAt: string;
  readonly serverVersion: string;
  /** Settings of the role and database by which it was read; files of older versions have none. */
  readonly settings?: TargetSettings;
  readonly relations: Readonly<Record<QualifiedName, RelationSize>>;
}

export interface RelationSize {
  /** Estimated live rows (`pg_class.reltuples`, or `n_live_tup` when it was never analyzed). */
  readonly rows: number;
  /** Bytes of the heap, without indexes and TOAST. */
  readonly bytes: number;
  /** Bytes with indexes and TOAST. */
  readonly totalBytes: number;
}
