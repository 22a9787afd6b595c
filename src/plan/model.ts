import type { Mapping } from "./dual-writes/index.ts";

/**
 * What is done as one: it commits or leaves nothing. `undo` takes it back, in its own transaction, whatever was
 * written meanwhile.
 */
export type Step =
  | { readonly kind: "transaction"; readonly statements: readonly string[]; readonly undo: Undo }
  /** A statement that Postgres refuses inside a transaction: it may leave something behind when it fails. */
  | { readonly kind: "outside"; readonly statement: string; readonly undo: Undo }
  | Fill;

/** Fills the rows of a table in batches; what it writes goes with the columns. */
export interface Fill {
  readonly kind: "fill";
  readonly table: TableName;
  /** Column that is 0 in rows that still need it and is set to 1. */
  readonly flag: string;
}

export type Undo = readonly string[];

export interface TableName {
  readonly schema: string;
  readonly name: string;
}

/**
 * A migration in phases. The old release runs until the contract phase begins, the new one from the end of the
 * backfill phase on; between the two both run.
 */
export interface Plan {
  /** Identifier, part of every name that is made: lower-case letters, digits and underscores. */
  readonly id: string;
  readonly expand: readonly Step[];
  readonly backfill: readonly Step[];
  readonly contract: readonly Step[];
}

/** What one operation contributes to a plan. */
export interface PlannedOperation {
  /** Catalog changes that the old release does not notice. */
  readonly expand: readonly Step[];
  /** Columns to keep in step from the end of `expand` until the contract phase. */
  readonly mappings: readonly { readonly table: TableName; readonly mapping: Mapping }[];
  /** After the fill: what the new release expects of filled columns. */
  readonly settle: readonly Step[];
  /** Statements that end it, together with those of the other operations in one transaction. */
  readonly contract: readonly string[];
}
