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
  /** What the database's ledgers say of the repository's migrations; files of older versions have none. */
  readonly migrations?: AppliedOnes;
  /** How long statements of migrations took there, by the ledger; files of older versions have none. */
  readonly durations?: readonly Duration[];
  /** What applications send, when it was asked for. */
  readonly statements?: SentStatements;
}

/** Statements that read or write rows, by pg_stat_statements: their forms, without values. */
export interface SentStatements {
  /** ISO time from which on they are counted; null where the server does not tell. */
  readonly since: string | null;
  /** ISO time at which they were read. */
  readonly takenAt: string;
  /** Those with the most calls first. */
  readonly shapes: readonly StatementShape[];
  /** What was counted too and is not in `shapes`. */
  readonly leftOut: readonly LeftOut[];
}

export interface StatementShape {
  /** With `$n` for each value. No constant and no comment is in it, and no name that is not one of the schema's, but for labels `a1`, `a2`, …. */
  readonly sql: string;
  readonly calls: number;
  readonly meanMs: number;
  /** Rows that one call gave or changed, on average. */
  readonly rows: number;
}

export interface LeftOut {
  readonly why: string;
  readonly statements: number;
  readonly calls: number;
}

/** How long one statement of a migration took, the last time that it ran to its end. */
export interface Duration {
  readonly migration: string;
  readonly line: number;
  /** Without waits for locks that were seen. */
  readonly ms: number;
  /** ISO time at which it began. */
  readonly at: string;
}

export interface AppliedOnes {
  /** The folder as the ledger knows it. */
  readonly source: string;
  /** Ids, in the folder's order. */
  readonly applied: readonly string[];
}

export interface RelationSize {
  /** Estimated live rows (`pg_class.reltuples`, or `n_live_tup` when it was never analyzed). */
  readonly rows: number;
  /** Nothing has counted the rows: they are guessed from the bytes and the types of the columns. */
  readonly isGuessed?: true;
  /** Bytes of the heap, without indexes and TOAST. */
  readonly bytes: number;
  /** Bytes with indexes and TOAST. */
  readonly totalBytes: number;
  /** How the rows are made; files of older versions have none of it. */
  readonly shape?: RelationShape;
}

/** The form of a table's rows as statistics tell it: numbers only, no value of any row. */
export interface RelationShape {
  /** Rows that are dead and not vacuumed yet (`n_dead_tup`). */
  readonly deadRows: number;
  /** Bytes of the heap beyond what its rows need by their average widths; null when not every column has statistics. */
  readonly bloatBytes: number | null;
  readonly toastBytes: number;
  /** Bytes of each index, by name. */
  readonly indexes: Readonly<Record<string, number>>;
  /** Columns that have statistics and that the role may read them of. */
  readonly columns: Readonly<Record<string, ColumnShape>>;
  /** By the constraint's name; those of one column that has statistics. */
  readonly foreignKeys: Readonly<Record<string, FanOut>>;
}

/** What `pg_stats` says of one column, without its values. */
export interface ColumnShape {
  /** Share of nulls, 0 to 1. */
  readonly nulls: number;
  /** As `n_distinct`: how many, or, below zero, their share of the rows. */
  readonly distinct: number;
  /** Average bytes of a value that is not null, as stored in the row: a value in TOAST counts as its pointer. */
  readonly width: number;
  /** Between the order of the values and that in which rows lie, -1 to 1; null where the type has no order. */
  readonly correlation: number | null;
  /** Share of the rows that have the commonest value, the next one, …; at most 25. Which values they are is not read. */
  readonly commonest: readonly number[];
  /** For numbers: how many digits before the point the longest has, and whether any is below zero. */
  readonly digits?: number;
  readonly negative?: boolean;
}

/** How many rows refer to one row of the parent, among the rows that any refers to. */
export interface FanOut {
  readonly to: QualifiedName;
  readonly average: number;
  /** Of the parent that most rows refer to; null when none stands out. */
  readonly most: number | null;
}
