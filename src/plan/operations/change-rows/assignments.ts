import { loadedParser, parseLoaded, type ParseNode, type Statement } from "../../../sql/index.ts";
import type { RowExpression } from "../../dual-writes/expression.ts";
import { rowExpression } from "../../dual-writes/index.ts";
import { assignmentsOf } from "../convert-columns/assignments.ts";

/** One `column = expression` of an UPDATE. */
export interface RowAssignment {
  readonly column: string;
  readonly value: RowExpression;
  readonly tree: ParseNode;
}

/** An UPDATE of one table whose expressions read the row alone. */
export interface RowUpdate {
  readonly assignments: readonly RowAssignment[];
  readonly where: RowExpression | undefined;
  readonly whereTree: ParseNode | undefined;
}

/**
 * Reads an UPDATE that has no FROM, WITH or RETURNING.
 *
 * @returns undefined when it assigns in a way that is not `column = expression`
 * @throws LockstepError `plan-expression` when an expression reads more than the row
 */
export async function rowUpdate(
  { node, sql, line }: Statement,
  name: string,
  origin: string,
): Promise<RowUpdate | undefined> {
  if (!("UpdateStmt" in node)) return undefined;
  const { targetList = [], whereClause } = node.UpdateStmt;
  const { head, condition } = cut(sql);
  const [statement] = parseLoaded(head, origin, line);
  const written = statement && assignmentsOf(statement, origin);
  if (written === undefined) return undefined;
  const assignments: RowAssignment[] = [];
  for (const [n, { column, expression }] of written.entries()) {
    const target = targetList[n];
    const tree = target !== undefined && "ResTarget" in target ? target.ResTarget.val : undefined;
    if (tree === undefined || "SetToDefault" in tree) return undefined;
    assignments.push({ column, tree, value: await rowExpression(expression, name, origin) });
  }
  const where = condition === undefined ? undefined : await rowExpression(condition, name, origin);
  return { assignments, where, whereTree: whereClause };
}

/** What stands in front of the statement's own WHERE, and behind it. */
function cut(sql: string): { readonly head: string; readonly condition: string | undefined } {
  const { tokens } = loadedParser().scanSync(sql);
  const bytes = Buffer.from(sql, "utf8");
  let depth = 0;
  for (const { text, start, end } of tokens) {
    if (text === "(" || text === "[") depth++;
    else if (text === ")" || text === "]") depth--;
    else if (depth === 0 && text.toUpperCase() === "WHERE")
      return { head: bytes.toString("utf8", 0, start), condition: bytes.toString("utf8", end) };
  }
  return { head: sql, condition: undefined };
}
