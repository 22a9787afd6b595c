import { columnsIn } from "./expressions.ts";
import type { Relation } from "./model.ts";

/**
 * True when the view groups by the whole primary key and uses other columns of the table too: it then depends on the key
 * (parse_agg.c, check_functional_grouping).
 */
export function groupsByKey(view: Relation, table: Relation, key: readonly string[]): boolean {
  const query = view.view?.query;
  const read = view.view?.reads.find(({ relation }) => relation === table.id);
  if (query === undefined || read === undefined || !("SelectStmt" in query)) return false;
  const grouped = (query.SelectStmt.groupClause ?? []).flatMap((item) => columnsIn(item));
  if (grouped.length === 0 || !key.every((column) => grouped.includes(column))) return false;
  return read.columns.some((column) => !grouped.includes(column));
}
