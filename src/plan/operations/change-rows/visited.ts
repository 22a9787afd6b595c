import type { Table } from "../../../catalog/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import { keyIndexes, type FillObstacle } from "../../fillable.ts";
import { heirsIn, sqlName, tableIn } from "../../lookup.ts";
import { updateTriggers } from "../../update-triggers.ts";
import type { OperationInput } from "../operation.ts";

/**
 * Whether a fill has to visit rows that hold already what they would get. It need not where nothing happens for such a
 * row; otherwise triggers of the table fire for it, and only a cursor over a key tells then which rows are done.
 *
 * @param skips true when the fill would leave some of the rows alone that the statement means
 * @returns why it cannot, when it would have to
 */
export function visitsEach(
  { before, start }: OperationInput,
  table: Table,
  changed: ReadonlySet<string>,
  skips: boolean,
): boolean | FillObstacle {
  if (!skips) return false;
  const firing = updateTriggers(before, table, changed).filter((one) => one.firesUnchanged);
  if (firing.length === 0) return false;
  const first = tableIn(start, table);
  const keys = first === undefined || heirsIn(start, first).length > 0 ? [] : keyIndexes(first);
  const columns = keys.flatMap((key) => key.keys.flatMap(({ column }) => column ?? []));
  const written = columns.filter((column) => changed.has(column)).map(quoteIdent);
  if (keys.length > 0 && written.length === 0) return true;
  const name = sqlName(table);
  const names = firing.map((one) => quoteIdent(one.name)).join(", ");
  const lacking =
    written.length > 0
      ? `it changes ${[...new Set(written)].join(", ")}, of its key`
      : "it has no key for all its rows";
  return {
    why: `triggers of ${name} fire for each row that the statement means, also where nothing changes (${names}); which of these rows are done only a key could tell that stays as it is, and ${lacking}`,
    instead: [
      "say in its WHERE that only rows are meant which change, where the triggers need not fire for others: AND column IS DISTINCT FROM the value",
      ...(written.length > 0 ? [] : [`first, in a migration of its own: a primary key of ${name}`]),
      "in a maintenance window, as it is",
    ],
  };
}
