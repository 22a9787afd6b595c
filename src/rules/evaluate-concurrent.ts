import type { Statement } from "../sql/index.ts";

/** True for the CONCURRENTLY form of CREATE, DROP and REINDEX INDEX, DETACH PARTITION and REFRESH. */
export function isConcurrent({ node }: Statement): boolean {
  if ("IndexStmt" in node) return node.IndexStmt.concurrent === true;
  if ("DropStmt" in node) return node.DropStmt.concurrent === true;
  if ("RefreshMatViewStmt" in node) return node.RefreshMatViewStmt.concurrent === true;
  if ("ReindexStmt" in node)
    return (node.ReindexStmt.params ?? []).some(
      (option) => "DefElem" in option && option.DefElem.defname === "concurrently",
    );
  if (!("AlterTableStmt" in node)) return false;
  return (node.AlterTableStmt.cmds ?? []).some((cmd) => {
    const def = "AlterTableCmd" in cmd ? cmd.AlterTableCmd.def : undefined;
    return def !== undefined && "PartitionCmd" in def && def.PartitionCmd.concurrent === true;
  });
}
