import type { Statement } from "../sql/index.ts";

/**
 * True for a statement that has to be sent alone: callers of PreventInTransactionBlock that a plan uses (utility.c,
 * indexcmds.c, tablecmds.c).
 */
export function refusesTransaction({ node }: Pick<Statement, "node">): boolean {
  return (
    ("IndexStmt" in node && node.IndexStmt.concurrent === true) ||
    ("DropStmt" in node && node.DropStmt.concurrent === true) ||
    "ReindexStmt" in node ||
    "VacuumStmt" in node ||
    ("AlterTableStmt" in node &&
      JSON.stringify(node.AlterTableStmt.cmds).includes('"concurrent":true'))
  );
}
