import type { QualifiedName } from "../../sql/index.ts";
import type { RuleContext } from "../rule.ts";
import { sizeOf } from "../size-words.ts";

/** Up to this many rows one transaction is over before anybody waits for its row locks. */
const smallRows = 10_000;

/** True when the exported sizes show that the table is small. */
export function isSmallTable(context: RuleContext, table: QualifiedName): boolean {
  const size = sizeOf(context, table);
  return size !== undefined && size.rows <= smallRows;
}
