import type { Catalog } from "../../catalog/index.ts";
import type { Effect } from "../../effects/index.ts";
import type { Statement } from "../../sql/index.ts";
import type { CommentLine } from "../comments.ts";
import type { PlannedOperation, TableName } from "../model.ts";

/** One statement of the naive migration, as a scratch server with rows in its tables ran it. */
export interface NaiveStatement {
  readonly statement: Statement;
  /** The catalogs on both sides of it. */
  readonly before: Catalog;
  readonly after: Catalog;
  /** What it did, breaks included. */
  readonly effect: Effect;
  /** Text of the comments in front of it, without their marks, one entry a line. */
  readonly comments: readonly string[];
  /** The same with their lines, and the file that they are in. */
  readonly commented: readonly CommentLine[];
  readonly file: string;
}

export interface OperationInput extends NaiveStatement {
  /** Id of the plan, for the names of what is made. */
  readonly plan: string;
  /** The statements in front of it. */
  readonly preceding: readonly NaiveStatement[];
  /** The statements behind it, for an operation that takes several together. */
  readonly following: readonly NaiveStatement[];
  /** Catalog before the whole migration and after it. */
  readonly start: Catalog;
  readonly goal: Catalog;
  /** True for a table that was there before the migration; what it makes itself needs no care. */
  readonly existed: (table: TableName) => boolean;
  /** Where names are looked up, as the migration sees it. */
  readonly searchPath: readonly string[];
  readonly major: number;
}

/** An operation that recognised its statement. */
export interface Recognised {
  /** What it is, for people: `rename "App User"."Full Name" to name`. */
  readonly title: string;
  readonly planned: PlannedOperation;
  /** How many of `following` it takes as well, none by default; they must be the next ones. */
  readonly takes?: number;
}

/** Why there is no way without a stall or a break, and the least bad one. */
export interface Refusal {
  readonly title: string;
  readonly refused: {
    readonly why: string;
    /** What a person can do instead, one entry a way. */
    readonly instead: readonly string[];
  };
  /** As in `Recognised`. */
  readonly takes?: number;
}

/**
 * A kind of change that has a way in phases, or has none.
 *
 * @returns undefined when the statement is something else
 * @throws LockstepError `plan-expression` for a directive that cannot be read
 */
export type Operation = (
  input: OperationInput,
) => Recognised | Refusal | undefined | Promise<Recognised | Refusal | undefined>;
