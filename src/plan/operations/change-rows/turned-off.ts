import { qualifiedName, type Table } from "../../../catalog/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import { treeOf, type FillObstacle } from "../../fillable.ts";
import { sqlName } from "../../lookup.ts";
import type { OperationInput } from "../operation.ts";

/**
 * Why rows cannot be changed in batches while the migration has turned triggers of their table off: in a transaction of
 * its own nobody else notices, in phases the application would be without them.
 */
export function turnedOff(
  { start, before }: OperationInput,
  table: Table,
): FillObstacle | undefined {
  const own = new Set(treeOf(before, table).map(({ schema, name }) => qualifiedName(schema, name)));
  const names = Object.entries(before.triggers).flatMap(([key, trigger]) => {
    const was = start.triggers[key]?.enabled ?? "disabled";
    const isOff = trigger.enabled === "disabled" && was !== "disabled";
    return isOff && own.has(trigger.table) ? [quoteIdent(trigger.name)] : [];
  });
  if (names.length === 0) return undefined;
  const which = [...new Set(names)].join(", ");
  return {
    why: `it is done while triggers of ${sqlName(table)} are turned off (${which}); a plan does it in batches beside the application, which would be without them for as long`,
    instead: [
      "let the triggers' functions pass over what this migration writes, told by its values, and leave out DISABLE TRIGGER",
      "in a maintenance window, as it is",
    ],
  };
}
