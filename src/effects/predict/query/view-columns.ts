import type { Node } from "@pgsql/types";
import type { Relation } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";

/**
 * What a column of a view that can be written through is in the relation below (rewriteHandler.c, rewriteTargetView). The
 * name itself where the view takes all columns as they are, or computes this one.
 */
export function columnBelow({ columns, view }: Relation, name: string): string {
  const query = view?.query;
  if (query === undefined || !("SelectStmt" in query)) return name;
  const { targetList = [] } = query.SelectStmt;
  const at = columns.findIndex((column) => column.name === name);
  const plain = targetList.map(plainColumn);
  const value = plain.length === columns.length ? plain[at] : undefined;
  return value ?? name;
}

function plainColumn(node: Node): string | undefined {
  const value = "ResTarget" in node ? node.ResTarget.val : undefined;
  if (value === undefined || !("ColumnRef" in value)) return undefined;
  const fields = value.ColumnRef.fields ?? [];
  return fields.some((field) => "A_Star" in field) ? undefined : strings(fields).at(-1);
}
