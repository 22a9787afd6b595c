import type { QualifiedName } from "./names.ts";
import type { Options } from "./model.ts";

/** One key of an index: a column or an expression, never both. */
export interface IndexKey {
  readonly column: string | null;
  readonly expression: string | null;
  /** Operator class: `text_ops`; with its schema when that is not pg_catalog. */
  readonly opclass: QualifiedName;
  /** True when the class is the default of its type, so that it need not be written. */
  readonly opclassIsDefault: boolean;
  /** Parameters of the operator class as printed, e.g. `siglen='32'`. */
  readonly opclassOptions: string | null;
  /** Collation when it is not the column's own, or for an expression not the database's. */
  readonly collation: QualifiedName | null;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export interface Index {
  readonly name: string;
  /** `btree`, `gin`, … */
  readonly method: string;
  readonly keys: readonly IndexKey[];
  /** Columns of INCLUDE. */
  readonly include: readonly string[];
  /** Expression of WHERE in a partial index. */
  readonly predicate: string | null;
  readonly unique: boolean;
  /** Postgres 15. */
  readonly nullsNotDistinct: boolean;
  /** False while a concurrent build runs and after it failed; also for a partitioned index that lacks parts. */
  readonly valid: boolean;
  /** True when writes maintain it. */
  readonly ready: boolean;
  /** Name of the primary-key, unique or exclusion constraint that owns it. */
  readonly constraint: string | null;
  /** The partitioned index that this one is a part of. */
  readonly partitionOf: QualifiedName | null;
  readonly options: Options;
  /** As `pg_get_indexdef` prints it. */
  readonly definition: string;
}
