import { walk } from "../../../effects/index.ts";
import type { ParseNode } from "../../../sql/index.ts";
import { named, sqlName, type WrittenName } from "../../lookup.ts";
import type { TableName } from "../../model.ts";
import type { ChangedTable } from "./other-rows.ts";

/** Why a statement is not done row by row whose FROM or USING holds something else than tables. */
export const readsQuery =
  "what it reads is more than tables: each batch would ask a query or a function in FROM or USING anew";

/** Why one is not whose rows depend on each other. */
export function readsOwnRows(table: TableName): string {
  return `it depends on other rows of ${sqlName(table)}, which it changes`;
}

/** Whether the changed table stands in a query once more. */
export function readsOwnTable(
  query: ParseNode,
  { table, catalog, searchPath }: ChangedTable,
): boolean {
  let found = false;
  walk(query, (node) => {
    const own =
      "RangeVar" in node
        ? named(catalog.tables, node.RangeVar as WrittenName, searchPath)
        : undefined;
    if (own?.schema === table.schema && own.name === table.name) found = true;
  });
  return found;
}
