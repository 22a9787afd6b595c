import type { QualifiedName } from "./names.ts";

interface ConstraintBase {
  readonly name: string;
  /** False after `NOT VALID` until `VALIDATE CONSTRAINT`: old rows may break it. */
  readonly valid: boolean;
  /** False for `NOT ENFORCED` (Postgres 18): nothing checks it. */
  readonly enforced: boolean;
  readonly deferrable: "no" | "initially-immediate" | "initially-deferred";
  /** True when it comes from a parent or partitioned table. */
  readonly inherited: boolean;
  readonly noInherit: boolean;
  /** As `pg_get_constraintdef` prints it: `CHECK ((qty >= 0))`. */
  readonly definition: string;
}

/** A primary key or unique constraint. */
export interface KeyConstraint extends ConstraintBase {
  readonly kind: "primary-key" | "unique";
  readonly columns: readonly string[];
  /** Columns of INCLUDE, which do not take part in uniqueness. */
  readonly include: readonly string[];
  /** True for UNIQUE NULLS NOT DISTINCT (Postgres 15). */
  readonly nullsNotDistinct: boolean;
  /** True when the last column is WITHOUT OVERLAPS (Postgres 18). */
  readonly withoutOverlaps: boolean;
  /** Name of the index behind it, in the table's schema. */
  readonly index: string;
}

/** What a foreign key does to its own row when the referenced one goes or changes. */
export type ForeignKeyAction = "no-action" | "restrict" | "cascade" | "set-null" | "set-default";

export interface ForeignKeyConstraint extends ConstraintBase {
  readonly kind: "foreign-key";
  readonly columns: readonly string[];
  readonly references: { readonly table: QualifiedName; readonly columns: readonly string[] };
  readonly onUpdate: ForeignKeyAction;
  readonly onDelete: ForeignKeyAction;
  /** Columns of ON DELETE SET NULL (…) or SET DEFAULT (…) (Postgres 15), empty for all of them. */
  readonly onDeleteColumns: readonly string[];
  readonly match: "simple" | "full" | "partial";
  /** True when the last column is PERIOD (Postgres 18). */
  readonly period: boolean;
}

export interface CheckConstraint extends ConstraintBase {
  readonly kind: "check";
  readonly expression: string;
  /** Columns that the expression reads, in column order. */
  readonly columns: readonly string[];
}

export interface ExclusionConstraint extends ConstraintBase {
  readonly kind: "exclusion";
  /** Plain columns among its keys; expressions are only in `definition`. */
  readonly columns: readonly string[];
  readonly index: string;
}

export type Constraint =
  | KeyConstraint
  | ForeignKeyConstraint
  | CheckConstraint
  | ExclusionConstraint;
