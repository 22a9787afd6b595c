import { loadedParser, parseLoaded, type ParseNode } from "../../../sql/index.ts";

/** Texts of an UPDATE's or DELETE's clauses; undefined where it has none. */
export interface Clauses {
  /** The expressions of `SET a = …, b = …`, in order. */
  readonly values: readonly (string | undefined)[];
  /** What stands behind FROM or USING. */
  readonly from: string | undefined;
  readonly where: string | undefined;
}

type Update = Extract<ParseNode, { UpdateStmt: unknown }>["UpdateStmt"];

/** True when an UPDATE reads other rows than those that it changes. */
export function readsOthers({ fromClause, targetList, whereClause }: Update): boolean {
  return (
    fromClause !== undefined || JSON.stringify([targetList, whereClause]).includes('"SubLink"')
  );
}

/**
 * Cuts an UPDATE or DELETE at its own keywords.
 * @returns undefined when FROM or USING does not begin with a table
 */
export function clausesOf(sql: string): Clauses | undefined {
  const sources = sourcesOf(sql);
  const from = firstPlace(sources);
  if (sources.length > 0 && from === undefined) return undefined;
  const tokens = topTokens(sql);
  const bytes = Buffer.from(sql, "utf8");
  const text = (start: number, end: number) => bytes.toString("utf8", start, end).trim();
  const end = tokens.at(-1)?.end ?? 0;
  const isWord = (word: string) => (token: Token) => token.text.toUpperCase() === word;
  const where = tokens.find(isWord("WHERE"));
  const head = where?.start ?? end;
  const source = from === undefined ? undefined : tokens.findLast((token) => token.end <= from);
  const set = tokens.find(isWord("SET"));
  return {
    values: set === undefined ? [] : valuesIn(tokens, set.end, source?.start ?? head, text),
    from: from === undefined ? undefined : text(from, head),
    where: where === undefined ? undefined : text(where.end, end),
  };
}

/** What stands behind FROM or USING, with places in this text. */
function sourcesOf(sql: string): readonly ParseNode[] {
  const node = parseLoaded(sql, "statement")[0]?.node;
  if (node !== undefined && "UpdateStmt" in node) return node.UpdateStmt.fromClause ?? [];
  return node !== undefined && "DeleteStmt" in node ? (node.DeleteStmt.usingClause ?? []) : [];
}

/** Where the first table stands. */
function firstPlace([first]: readonly ParseNode[]): number | undefined {
  if (first === undefined) return undefined;
  if ("RangeVar" in first) return first.RangeVar.location ?? 0;
  if ("JoinExpr" in first && first.JoinExpr.larg !== undefined)
    return firstPlace([first.JoinExpr.larg]);
  return undefined;
}

interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** The tokens that stand in no parentheses or brackets; those themselves are left out. */
function topTokens(sql: string): readonly Token[] {
  let depth = 0;
  return loadedParser()
    .scanSync(sql)
    .tokens.filter(({ text, tokenName }) => {
      if (tokenName.endsWith("COMMENT")) return false;
      if (text === "(" || text === "[") depth++;
      if (text === ")" || text === "]") depth--;
      return depth === 0;
    });
}

function valuesIn(
  tokens: readonly Token[],
  start: number,
  end: number,
  textOf: (start: number, end: number) => string,
): readonly (string | undefined)[] {
  const values: (string | undefined)[] = [];
  let from: number | undefined;
  const take = (to: number) => {
    values.push(from === undefined ? undefined : textOf(from, to));
    from = undefined;
  };
  for (const token of tokens) {
    if (token.start < start || token.start >= end) continue;
    if (token.text === "=" && from === undefined) from = token.end;
    else if (token.text === ",") take(token.start);
  }
  take(end);
  return values;
}
