import { parseLoaded } from "../../sql/index.ts";
import type { Name } from "./lookup.ts";

/** A name in a string, as `regclass` reads it: folded to lower case unless quoted. */
export function nameInText(text: string): Name | undefined {
  try {
    const [statement] = parseLoaded(`TABLE ${text}`, "name");
    if (statement === undefined || !("SelectStmt" in statement.node)) return undefined;
    const [item] = statement.node.SelectStmt.fromClause ?? [];
    if (item === undefined || !("RangeVar" in item)) return undefined;
    const { schemaname, relname = "" } = item.RangeVar;
    return { schema: schemaname, name: relname };
  } catch {
    return undefined;
  }
}
