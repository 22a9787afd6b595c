import type { ParseNode, Statement } from "../../sql/index.ts";

/** A statement that stands inside another one and has no text of its own. */
export function statementOf(node: ParseNode): Statement {
  return { index: 0, sql: "", start: 0, end: 0, line: 1, kind: Object.keys(node)[0] ?? "", node };
}
