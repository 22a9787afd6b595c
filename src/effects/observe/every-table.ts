import type { Statement } from "../../sql/index.ts";

/**
 * Why a statement is not run: `VACUUM FULL` of no table in particular writes every table again, the server's catalogs
 * too, on which the observation itself waits and looks. Undefined for any other.
 */
export function everyTableReason({ node }: Statement): string | undefined {
  if (!("VacuumStmt" in node)) return undefined;
  const { options = [], rels = [] } = node.VacuumStmt;
  const isFull = options.some(
    (option) => "DefElem" in option && option.DefElem.defname?.toLowerCase() === "full",
  );
  return isFull && rels.length === 0
    ? "it writes every table of the database again, the server's catalogs too, each behind a lock that keeps everybody out; it was not run"
    : undefined;
}
