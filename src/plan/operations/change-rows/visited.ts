import type { Table } from "../../../catalog/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import { keyIndexes, type FillObstacle } from "../../fillable.ts";
import { heirsIn, sqlName, tableIn } from "../../lookup.ts";
import { updateTriggers } from "../../update-triggers.ts";
import type { OperationInput } from "../operation.ts";

/**
 * Whether a fill has to visit rows that hold already what they would get. It need not where nothing happens for such a
 * row; otherwise triggers of the table fire for it, and only a cursor over a key tells then which rows are done. So it is
 * where a trigger may write something else than the fill: a row that is done looks as if it were not.
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
  const triggers = updateTriggers(before, table, changed);
  const firing = triggers.filter((one) => one.mayChange || (skips && one.firesUnchanged));
  if (firing.length === 0) return false;
  const first = tableIn(start, table);
  const keys = first === undefined || heirsIn(start, first).length > 0 ? [] : keyIndexes(first);
  const columns = keys.flatMap((key) => key.keys.flatMap(({ column }) => column ?? []));
  const written = columns.filter((column) => changed.has(column)).map(quoteIdent);
  if (keys.length > 0 && written.length === 0) return true;
  const name = sqlName(table);
  const named = (some: typeof firing) => some.map((one) => quoteIdent(one.name)).join(", ");
  const lacking =
    written.length > 0
      ? `it changes ${[...new Set(written)].join(", ")}, of its key`
      : "it has no key for all its rows";
  const changing = firing.filter((one) => one.mayChange);
  const fires =
    changing.length > 0
      ? `triggers of ${name} may write other values than the statement (${named(changing)})`
      : `triggers of ${name} fire for each row that the statement means, also where nothing changes (${named(firing)})`;
  return {
    why: `${fires}; which rows are done only a key could tell that stays as it is, and ${lacking}`,
    instead: [
      ...(changing.length > 0
        ? []
        : [
            "say in its WHERE that only rows are meant which change, where the triggers need not fire for others: AND column IS DISTINCT FROM the value",
          ]),
      ...(written.length > 0 ? [] : [`first, in a migration of its own: a primary key of ${name}`]),
      "in a maintenance window, as it is",
    ],
  };
}
