import { parser } from "./parser.ts";

/**
 * What to say beside a syntax error that comes from another database's SQL; for the error's `why`.
 *
 * @param text the SQL that was refused
 * @param message Postgres' own, e.g. `syntax error at or near "LIMIT"`
 * @returns undefined when nothing better can be said than Postgres did
 */
export function explainSyntaxError(text: string, message: string): string | undefined {
  const near = /at or near "(limit|order)"/i.exec(message)?.[1]?.toUpperCase();
  const command = near === undefined ? undefined : changeWith(text, near);
  if (command === undefined) return undefined;
  return `Postgres has no ${command} … ${near === "ORDER" ? "ORDER BY … LIMIT" : "LIMIT"} (MySQL does): pick the rows in a sub-select, in key order, e.g. ${command === "UPDATE" ? "UPDATE t SET …" : "DELETE FROM t"} WHERE id IN (SELECT id FROM t WHERE … ORDER BY id LIMIT 1000), and commit after each batch`;
}

/** The UPDATE or DELETE that has this word outside of parentheses; from tokens, for the text does not parse. */
function changeWith(text: string, word: string): "UPDATE" | "DELETE" | undefined {
  let depth = 0;
  let first: string | undefined;
  let command: "UPDATE" | "DELETE" | undefined;
  for (const { text: token, tokenName } of tokensOf(text)) {
    if (tokenName.endsWith("COMMENT")) continue;
    const upper = token.toUpperCase();
    first ??= upper;
    if (token === ";") {
      first = undefined;
      command = undefined;
    } else if (token === "(") depth++;
    else if (token === ")") depth--;
    else if (depth === 0 && (upper === "UPDATE" || upper === "DELETE")) {
      if (upper === first || first === "WITH") command = upper;
    } else if (depth === 0 && command !== undefined && upper === word) return command;
  }
  return undefined;
}

function tokensOf(text: string) {
  try {
    return parser.scanSync(text).tokens;
  } catch {
    return [];
  }
}
