import { loadedParser, type Statement } from "../sql/index.ts";

/** A line of a comment, without its marks. */
export interface CommentLine {
  readonly text: string;
  /** 1-based, in the file. */
  readonly line: number;
}

/** The comments between the end of the one statement and the next. */
export function commentLines(
  text: string,
  end: number,
  { start }: Statement,
): readonly CommentLine[] {
  const gap = text.slice(end, start);
  if (gap.trim() === "") return [];
  const bytes = Buffer.from(gap, "utf8");
  const first = linesIn(text.slice(0, end)) + 1;
  const { tokens } = loadedParser().scanSync(gap);
  return tokens.flatMap(({ tokenName, text: comment, start: at }) => {
    const line = first + linesIn(bytes.toString("utf8", 0, at));
    if (tokenName === "SQL_COMMENT") return [{ text: comment.slice(2).trim(), line }];
    if (tokenName !== "C_COMMENT") return [];
    return comment
      .slice(2, -2)
      .split("\n")
      .map((part, n) => ({ text: part.trim(), line: line + n }))
      .filter((part) => part.text !== "");
  });
}

/** Their text alone. */
export function commentsBefore(text: string, end: number, statement: Statement): readonly string[] {
  return commentLines(text, end, statement).map((comment) => comment.text);
}

function linesIn(text: string): number {
  return text.split("\n").length - 1;
}
