import type { RelationLock } from "../effect.ts";

/**
 * How the statements of a migration reach the server.
 *
 * - `statement`: each on its own, autocommit (psql -f; goose NO TRANSACTION).
 * - `file`: BEGIN, the file, COMMIT.
 * - `query`: the whole file as one query string: an implicit transaction when it holds several statements, none around a
 *   single one (Prisma, golang-migrate; protocol.sgml "Multiple Statements in a Simple Query").
 * - `deploy`: all pending files in one transaction (drizzle-orm's migrator).
 * - `units`: as Lockstep's own runner cuts a file.
 */
export type TransactionMode = "statement" | "file" | "query" | "deploy" | "units";

/** A lock that is still held from an earlier statement of the same transaction. */
export interface HeldLock extends RelationLock {
  /** The statement that took it. */
  readonly file: string;
  readonly line: number;
}

/** A timeout as it is in force. */
export interface TimeoutInForce {
  /** 0 is off: no limit. */
  readonly ms: number;
  /** What set it last. */
  readonly from:
    | { readonly kind: "statement"; readonly file: string; readonly line: number }
    | { readonly kind: "runner" | "role" | "database" | "default" };
}

/** What is known of the session just before a statement runs. */
export interface SessionState {
  /** True when the statement runs in a transaction block or in the implicit transaction of a query string. */
  readonly inTransaction: boolean;
  /** Number of the transaction within the run: two statements with the same number commit or fail together. */
  readonly transaction: number;
  /** True after a statement failed in this transaction: everything but ROLLBACK is refused. */
  readonly failed: boolean;
  readonly lockTimeout: TimeoutInForce;
  readonly statementTimeout: TimeoutInForce;
  /** Every setting that is not at its default, lower-case names. */
  readonly settings: ReadonlyMap<string, string>;
  /** Strongest lock per relation held since earlier statements of this transaction. */
  readonly held: readonly HeldLock[];
}

/** Something wrong in the use of transactions or settings, seen while simulating. */
export interface SessionProblem {
  readonly kind:
    | "begin-in-transaction"
    | "commit-without-begin"
    | "never-committed"
    | "rolled-back"
    | "local-outside-transaction"
    | "savepoint-outside-transaction";
  readonly file: string;
  readonly line: number;
  readonly message: string;
}
