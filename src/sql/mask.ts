import { loadParser } from "./parse.ts";

/** Token numbers of Postgres' scanner (gram.y) for constants: numbers, then strings of every form. */
const numbers = new Set([260, 266]);
const strings = new Set([261, 262, 263, 264]);

/** Statements whose numbers are lengths, defaults and options of the schema, not a customer's. */
const definitions = new Set(["CREATE", "ALTER", "DROP", "REINDEX", "VACUUM", "SET"]);

/**
 * A statement with its constants replaced by `$n` and its comments removed, on one line, so that it can be shown or
 * stored without a customer's data or a password in it. Numbers stay in statements that define the schema. Text that
 * Postgres cannot scan (a query cut off by `track_activity_query_size`, say) is reduced to its first words.
 *
 * @param limit longest result in characters, 400 by default
 */
export async function maskLiterals(sql: string, limit = 400): Promise<string> {
  const { scanSync } = await loadParser();
  let masked: string;
  try {
    masked = maskTokens(Buffer.from(sql, "utf8"), scanSync(sql).tokens);
  } catch {
    const words = sql.trim().split(/\s+/, 2);
    const verb = words.filter((word) => /^[a-z_]+$/i.test(word));
    masked = `${verb.join(" ")} … (rest not shown: it cannot be parsed, so its literals cannot be masked)`;
  }
  const oneLine = masked.replaceAll(/\s+/g, " ").trim();
  return oneLine.length > limit ? `${oneLine.slice(0, limit - 1)}…` : oneLine;
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tokenType: number;
  readonly tokenName: string;
}

/** Token positions are bytes. */
function maskTokens(bytes: Buffer, tokens: readonly Token[]): string {
  const words = tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  const isDefinition = definitions.has(words[0]?.text.toUpperCase() ?? "");
  let masked = "";
  let at = 0;
  let constants = 0;
  for (const { start, end, tokenType, tokenName } of tokens) {
    const isComment = tokenName.endsWith("COMMENT");
    const isConstant = strings.has(tokenType) || (numbers.has(tokenType) && !isDefinition);
    if (!isComment && !isConstant) continue;
    masked += bytes.toString("utf8", at, start) + (isComment ? " " : `$${++constants}`);
    at = end;
  }
  return masked + bytes.toString("utf8", at);
}
