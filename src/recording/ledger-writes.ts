import type { ParseNode, Statement } from "../sql/index.ts";

/** Where a tool notes what it has run. */
export interface LedgerTarget {
  readonly table: string;
  /** Columns that name a migration together. */
  readonly nameColumns: readonly string[];
}

/** The migrations that a statement notes as run, by their names in the ledger; undefined for one that notes nothing. */
export function notedBy(
  { node }: Statement,
  { table, nameColumns }: LedgerTarget,
): readonly string[] | undefined {
  if ("InsertStmt" in node) {
    const { relation, cols = [], selectStmt } = node.InsertStmt;
    if (relation?.relname !== table) return undefined;
    const columns = cols.map((col) => ("ResTarget" in col ? (col.ResTarget.name ?? "") : ""));
    const rows =
      selectStmt !== undefined && "SelectStmt" in selectStmt
        ? (selectStmt.SelectStmt.valuesLists ?? [])
        : [];
    return rows.flatMap((row) => {
      const items = "List" in row ? (row.List.items ?? []) : [];
      return named(nameColumns.map((column) => items[columns.indexOf(column)]));
    });
  }
  if ("UpdateStmt" in node) {
    const { relation, targetList = [] } = node.UpdateStmt;
    if (relation?.relname !== table) return undefined;
    const set = new Map(
      targetList.flatMap((one) =>
        "ResTarget" in one ? [[one.ResTarget.name, one.ResTarget.val]] : [],
      ),
    );
    return named(nameColumns.map((column) => set.get(column)));
  }
  return undefined;
}

/** One name of its parts; none when a part is no constant. */
function named(parts: readonly (ParseNode | undefined)[]): readonly string[] {
  const texts = parts.map((part) => (part === undefined ? undefined : constant(part)));
  return texts.includes(undefined) ? [] : [texts.join(".")];
}

function constant(node: ParseNode): string | undefined {
  if ("TypeCast" in node)
    return node.TypeCast.arg === undefined ? undefined : constant(node.TypeCast.arg);
  if (!("A_Const" in node)) return undefined;
  const { sval, ival, fval } = node.A_Const;
  if (sval !== undefined) return sval.sval ?? "";
  if (ival !== undefined) return String(ival.ival ?? 0);
  return fval?.fval;
}
