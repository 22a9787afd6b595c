import { loadedParser } from "../sql/index.ts";

/** Strings in strings that are looked into: `EXECUTE 'SELECT dblink(''…'')'`. */
const depth = 4;

/**
 * The words of code, those in its strings too, for they may be run by EXECUTE; not those of comments. Lower case, in order.
 */
export function wordsInCode(code: string, left = depth): readonly string[] {
  const words: string[] = [];
  for (const { tokenName, text } of tokensOf(code)) {
    if (tokenName.endsWith("COMMENT")) continue;
    if (tokenName === "SCONST" || tokenName === "USCONST") {
      const inner = contentOf(text);
      if (left > 0 && inner !== text) words.push(...wordsInCode(inner, left - 1));
    } else words.push(text.startsWith('"') ? text.slice(1, -1) : text.toLowerCase());
  }
  return words;
}

function tokensOf(code: string) {
  try {
    return loadedParser().scanSync(code).tokens;
  } catch {
    // Not SQL: the body of another language, or a piece of a statement.
    return code.split(/\W+/).map((text) => ({ tokenName: "IDENT", text }));
  }
}

/** Between the quotes of a string, whichever they are. */
function contentOf(text: string): string {
  const tag = /^\$[^$]*\$/.exec(text)?.[0];
  if (tag !== undefined) return text.slice(tag.length, -tag.length);
  const start = text.indexOf("'");
  return start === -1 ? text : text.slice(start + 1, -1).replaceAll("''", "'");
}
