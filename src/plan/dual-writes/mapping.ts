import type { GuardedKey } from "./guard.ts";
import type { Shadow } from "./shadow.ts";

/**
 * Columns of one table that hold the same facts for two releases in two forms: the old release reads and writes the
 * columns of one side, the new release those of the other. A renamed column has one on each side, a split one has one
 * and several.
 */
export interface Mapping {
  readonly old: readonly MappedColumn[];
  readonly new: readonly MappedColumn[];
}

export interface MappedColumn {
  readonly name: string;
  /** As `format_type` writes it, with its schema where the search path does not have it. */
  readonly type: string;
  /** Its value, as an SQL expression over columns of the other side and nothing else. */
  readonly from: string;
  /** True when its release may store NULL in it. */
  readonly nullable: boolean;
  /** True when nothing makes a value for it and it is NOT NULL: an INSERT of its release has to give it. */
  readonly required?: boolean;
  /** For a new column: what it gets when its release writes a row and leaves it out; NULL by default. */
  readonly default?: string;
  /**
   * For a nullable column that is the only new one of its mapping: a value that `from` refuses is no error of who writes
   * it. The row gets NULL here, and keeps what was refused until it gets a value. False by default.
   */
  readonly parks?: boolean;
  /** `file:line` of `from`, where a person wrote it. */
  readonly origin?: string;
}

/** What has to be kept in step in one table while a plan is in flight. */
export interface DualWrites {
  /** Identifier of the plan, part of every name that is made: lower-case letters, digits and underscores. */
  readonly plan: string;
  readonly table: { readonly schema: string; readonly name: string };
  readonly mappings: readonly Mapping[];
  /** Columns that change their form under the same name; none by default. */
  readonly shadows?: readonly Shadow[];
  /** Unique keys of the old release that have a second unique index, on the other form; none by default. */
  readonly guarded?: readonly GuardedKey[];
  /** True for a partitioned table. False by default. */
  readonly isPartitioned?: boolean;
  /** Where the functions, operators and types that the expressions name are looked up, besides `pg_catalog`. */
  readonly searchPath: readonly string[];
}
