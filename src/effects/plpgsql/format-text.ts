import { quoteLiteral } from "../../sql/index.ts";
import { quoteIfNeeded } from "./quote-if-needed.ts";

/** What `format` gives for values that are not null (manual 9.4.1); undefined for widths and where it would fail. */
export function formatText(pattern: string, values: readonly string[]): string | undefined {
  let result = "";
  let next = 0;
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] !== "%") {
      result += pattern[at];
      continue;
    }
    if (pattern[at + 1] === "%") {
      result += "%";
      at++;
      continue;
    }
    const position = positionAt(pattern, at + 1);
    if (position !== undefined) {
      next = position.number - 1;
      at = position.end;
    }
    const shown = show(pattern[++at], values[next++]);
    if (shown === undefined) return undefined;
    result += shown;
  }
  return result;
}

/** The `2$` of `%2$I`. */
function positionAt(
  pattern: string,
  from: number,
): { readonly number: number; readonly end: number } | undefined {
  let end = from;
  while (pattern[end] !== undefined && pattern[end]! >= "0" && pattern[end]! <= "9") end++;
  if (end === from || pattern[end] !== "$") return undefined;
  return { number: Number(pattern.slice(from, end)), end };
}

function show(kind: string | undefined, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (kind === "s") return value;
  if (kind === "I") return quoteIfNeeded(value);
  return kind === "L" ? quoteLiteral(value) : undefined;
}
