import { loadedParser, type Statement } from "../sql/index.ts";

type Place = readonly [start: number, end: number];

/** The comments of a text that holds nothing but blank lines and comments of one line; undefined for any other. */
function lineComments(text: string): readonly Place[] | undefined {
  const found: Place[] = [];
  let start = 0;
  for (const line of text.split("\n")) {
    const comment = line.trim();
    const at = start + line.indexOf(comment);
    if (comment.startsWith("--")) found.push([at, start + line.length]);
    else if (comment !== "") return undefined;
    start += line.length + 1;
  }
  return found;
}

/** The comments that stand at the end of a text. */
function scannedComments(text: string): readonly Place[] {
  const bytes = Buffer.from(text, "utf8");
  const offset = (byte: number) =>
    bytes.length === text.length ? byte : bytes.toString("utf8", 0, byte).length;
  const { tokens } = loadedParser().scanSync(text);
  const last = tokens.findLastIndex(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  return tokens.slice(last + 1).map(({ start, end }) => [offset(start), offset(end)]);
}

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
  let place = start;
  for (const [from, to] of (lineComments(before) ?? scannedComments(before)).toReversed()) {
    const lineStart = before.lastIndexOf("\n", from - 1) + 1;
    const isOwnLine = before.slice(lineStart, from).trim() === "";
    const isApart = before.slice(to, place).split("\n").length > 2;
    if (!isOwnLine || isApart) break;
    place = from;
  }
  return place;
}
