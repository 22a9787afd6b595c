import { loadedParser, type Statement } from "../sql/index.ts";

/** Text of the comments between the end of the one statement and the next, a line each, without their marks. */
export function commentsBefore(text: string, end: number, { start }: Statement): readonly string[] {
  const gap = text.slice(end, start);
  if (gap.trim() === "") return [];
  const { tokens } = loadedParser().scanSync(gap);
  return tokens.flatMap(({ tokenName, text: comment }) => {
    if (tokenName === "SQL_COMMENT") return [comment.slice(2).trim()];
    if (tokenName !== "C_COMMENT") return [];
    return comment
      .slice(2, -2)
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "");
  });
}
