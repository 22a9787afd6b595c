import type { ParseNode } from "../../sql/index.ts";

/** What a condition is, in SQL's logic of three values; undefined where that is not known. */
type Truth = boolean | null | undefined;

/**
 * True when a check is false as soon as this column is NULL, whatever the others hold: `IS NOT NULL`, alone or as one of
 * several conditions that have to hold. What NULL leaves open (`column > 0`) passes a check.
 */
export function refusesNull(condition: ParseNode | undefined, column: string): boolean {
  return truthOf(condition, column) === false;
}

function truthOf(node: ParseNode | undefined, column: string): Truth {
  if (node === undefined) return undefined;
  if (isColumn(node, column)) return null;
  if ("NullTest" in node)
    return isColumn(node.NullTest.arg, column)
      ? node.NullTest.nulltesttype === "IS_NULL"
      : undefined;
  if (!("BoolExpr" in node)) return undefined;
  const { boolop, args = [] } = node.BoolExpr;
  const each = args.map((one) => truthOf(one, column));
  if (boolop === "NOT_EXPR") return typeof each[0] === "boolean" ? !each[0] : each[0];
  // What decides by itself: one that is false of AND's, one that is true of OR's.
  const decides = boolop === "OR_EXPR";
  if (each.includes(decides)) return decides;
  if (each.includes(undefined)) return undefined;
  return each.includes(null) ? null : !decides;
}

function isColumn(node: ParseNode | undefined, column: string): boolean {
  if (node === undefined || !("ColumnRef" in node)) return false;
  const last = node.ColumnRef.fields?.at(-1);
  return last !== undefined && "String" in last && last.String.sval === column;
}
