import { loadedParser, type Statement } from "../sql/index.ts";

/**
 * Where a line may be put before a statement: above the comments that stand directly over it, which speak of the statement
 * (a suppression, too) and must go on to do so. UTF-16 offset into the file.
 */
export function aboveComments(text: string, { start }: Statement): number {
  const before = text.slice(0, start);
  // A comment in front ends where the text ends, so most statements need no scanner; it refuses an empty text, too.
  const trimmed = before.trimEnd();
  const lastLine = trimmed.slice(trimmed.lastIndexOf("\n") + 1);
  if (!lastLine.includes("--") && !trimmed.endsWith("*/")) return start;
  const bytes = Buffer.from(before, "utf8");
  const offset = (byte: number) =>
    bytes.length === before.length ? byte : bytes.toString("utf8", 0, byte).length;
  let place = start;
  for (const token of loadedParser().scanSync(before).tokens.toReversed()) {
    if (!token.tokenName.endsWith("COMMENT")) break;
    const [from, to] = [offset(token.start), offset(token.end)];
    const lineStart = before.lastIndexOf("\n", from - 1) + 1;
    const isOwnLine = before.slice(lineStart, from).trim() === "";
    const isApart = before.slice(to, place).split("\n").length > 2;
    if (!isOwnLine || isApart) break;
    place = from;
  }
  return place;
}
