/** Where a token begins and ends in its text, in UTF-16 units. */
export interface TokenPlace {
  readonly start: number;
  readonly end: number;
}

/**
 * The tokens of a text of plain words, whole numbers, strings without a prefix, comparison signs, casts and punctuation:
 * of these the scanner makes (scan.l) what is found here, at a fraction of its cost. Undefined for a text with anything
 * else in it, comments among that; the text must be one that the parser took.
 */
export function plainTokens(sql: string): readonly TokenPlace[] | undefined {
  const found: TokenPlace[] = [];
  let at = 0;
  while (at < sql.length) {
    const code = sql.charCodeAt(at);
    if (isSpace(code)) at++;
    else {
      const end = endOfToken(sql, at, code);
      if (end === undefined) return undefined;
      found.push({ start: at, end });
      at = end;
    }
  }
  return found;
}

const [quote, doubleQuote, dot, colon] = [39, 34, 46, 58];

function endOfToken(sql: string, at: number, code: number): number | undefined {
  if (isWordStart(code)) return endOfWord(sql, at + 1);
  if (isDigit(code)) return endOfNumber(sql, at + 1);
  // ( ) , ; [ ]
  if (code === 40 || code === 41 || code === 44 || code === 59 || code === 91 || code === 93)
    return at + 1;
  if (code === quote || code === doubleQuote) return endOfQuoted(sql, at, code);
  if (isComparison(code)) return endOfComparison(sql, at + 1);
  const next = sql.charCodeAt(at + 1);
  if (code === dot) return isDigit(next) || next === dot ? undefined : at + 1;
  const isCast = code === colon && next === colon && ![colon, 61].includes(sql.charCodeAt(at + 2));
  return isCast ? at + 2 : undefined;
}

/** A quote behind a word may belong to it: E'', B'', U&"". */
function endOfWord(sql: string, from: number): number | undefined {
  let at = from;
  while (isWord(sql.charCodeAt(at))) at++;
  const next = sql.charCodeAt(at);
  return next === quote || next === doubleQuote || next > 127 ? undefined : at;
}

/** Digits only: no fraction, exponent, underscore or other base. */
function endOfNumber(sql: string, from: number): number | undefined {
  let at = from;
  while (isDigit(sql.charCodeAt(at))) at++;
  const next = sql.charCodeAt(at);
  return isWord(next) || next === dot || next > 127 ? undefined : at;
}

/** A string that goes on behind a line break is left to the scanner. */
function endOfQuoted(sql: string, start: number, sign: number): number | undefined {
  let at = start + 1;
  for (;;) {
    if (at >= sql.length) return undefined;
    if (sql.charCodeAt(at) !== sign) at++;
    else if (sql.charCodeAt(at + 1) === sign) at += 2;
    else break;
  }
  let next = at + 1;
  while (isSpace(sql.charCodeAt(next))) next++;
  return sql.charCodeAt(next) === sign ? undefined : at + 1;
}

function endOfComparison(sql: string, from: number): number {
  let at = from;
  while (isComparison(sql.charCodeAt(at))) at++;
  return at;
}

/** Space, tab, line feed, form feed and carriage return. */
function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 12 || code === 13;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isWordStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isWord(code: number): boolean {
  return isWordStart(code) || isDigit(code) || code === 36;
}

/** < = > */
function isComparison(code: number): boolean {
  return code >= 60 && code <= 62;
}
