import { loadedParser, type ParseNode, type Statement } from "../../../sql/index.ts";

/** The text of USING, undefined when there is none. */
export function usingText({ sql }: Statement): string | undefined {
  const { tokens } = loadedParser().scanSync(sql);
  let depth = 0;
  for (const { text, end } of tokens) {
    if (text === "(") depth++;
    else if (text === ")") depth--;
    else if (depth === 0 && text.toUpperCase() === "USING" && !text.startsWith('"'))
      return Buffer.from(sql, "utf8").toString("utf8", end).trim();
  }
  return undefined;
}

/** True for the column itself, cast or not: the value is the same in another form. */
export function isPlainCast(expression: ParseNode | undefined, column: string): boolean {
  if (expression === undefined) return false;
  if ("TypeCast" in expression) return isPlainCast(expression.TypeCast.arg, column);
  if (!("ColumnRef" in expression)) return false;
  const last = expression.ColumnRef.fields?.at(-1);
  return last !== undefined && "String" in last && last.String.sval === column;
}
