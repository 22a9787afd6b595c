import { sqlName } from "../lookup.ts";
import type { TableName } from "../model.ts";

/**
 * Statements that drop a foreign key of a table, whose lock is taken first. The drop locks the table that it refers to as
 * well (dropconstraint_internal, tablecmds.c): in one statement that would be waited for as long as for the first one,
 * past `deadlock_timeout`, and who deletes a row there and waits for this table would be the one that Postgres ends. The
 * runner waits for a lock behind another one of the same transaction for a short time only.
 */
export function ownLockFirst(table: TableName, statements: readonly string[]): readonly string[] {
  return [`LOCK TABLE ONLY ${sqlName(table)} IN ACCESS EXCLUSIVE MODE`, ...statements];
}
