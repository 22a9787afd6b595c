import { loadedParser, type Statement } from "../sql/index.ts";
import { plainTokens } from "./plain-tokens.ts";

/** A token of Postgres' scanner; comments are left out. */
export interface Token {
  /** UTF-16 offsets into the file. */
  readonly start: number;
  readonly end: number;
  /** As written. */
  readonly text: string;
}

/** The text of one statement, token by token, so that ways out can reuse it as the user wrote it. */
export class StatementSource {
  readonly #text: string;
  readonly #statement: Statement;
  #tokens: readonly Token[] | undefined;
  #byteStart: number | undefined;

  constructor(text: string, statement: Statement) {
    this.#text = text;
    this.#statement = statement;
  }

  get tokens(): readonly Token[] {
    if (this.#tokens !== undefined) return this.#tokens;
    const { sql, start } = this.#statement;
    const plain = plainTokens(sql);
    if (plain !== undefined)
      return (this.#tokens = plain.map((token) => ({
        start: start + token.start,
        end: start + token.end,
        text: sql.slice(token.start, token.end),
      })));
    const bytes = Buffer.from(sql, "utf8");
    const offset = (byte: number) =>
      start + (bytes.length === sql.length ? byte : bytes.toString("utf8", 0, byte).length);
    this.#tokens = loadedParser()
      .scanSync(sql)
      .tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"))
      .map((token) => {
        const [from, to] = [offset(token.start), offset(token.end)];
        return { start: from, end: to, text: this.#text.slice(from, to) };
      });
    return this.#tokens;
  }

  /** The whole statement: nothing before its first token or behind its last. */
  get sql(): string {
    const { sql } = this.#statement;
    // Without comments there is nothing that only the scanner could tell.
    if (!sql.includes("--") && !sql.includes("/*")) return sql.trim();
    return this.slice(0, this.tokens.length);
  }

  /** Where its last token ends; a statement without a semicolon may have comments behind it. */
  get end(): number {
    return this.tokens.at(-1)?.end ?? this.#statement.end;
  }

  /** Index of the token at a `location` of the parse tree (a byte of the whole text); protobuf leaves 0 out. */
  at(location: number | undefined): number {
    const { start, sql } = this.#statement;
    this.#byteStart ??= Buffer.byteLength(this.#text.slice(0, start), "utf8");
    const byte = (location ?? 0) - this.#byteStart;
    const isAscii = Buffer.byteLength(sql, "utf8") === sql.length;
    const offset =
      start + (isAscii ? byte : Buffer.from(sql, "utf8").toString("utf8", 0, byte).length);
    return this.tokens.findIndex((token) => token.end > offset);
  }

  /** Text from one token up to, not including, another. */
  slice(from: number, to: number): string {
    const first = this.tokens[from];
    const last = this.tokens[to - 1];
    return first === undefined || last === undefined ? "" : this.#text.slice(first.start, last.end);
  }

  /** Text between two UTF-16 offsets of the file. */
  textBetween(start: number, end: number): string {
    return this.#text.slice(start, end);
  }

  /** Index of the first token from `from` on that is this keyword or sign, outside parentheses opened after `from`. */
  find(word: string, from = 0): number | undefined {
    const { tokens } = this;
    let depth = 0;
    for (let index = from; index < tokens.length; index++) {
      const { text } = tokens[index]!;
      if (depth === 0 && text.length === word.length && text.toUpperCase() === word) return index;
      if (text === "(" || text === "[") depth++;
      else if (text === ")" || text === "]") depth--;
      if (depth < 0) return undefined;
    }
    return undefined;
  }

  /** Index just after the parenthesis that closes the one at token `from`. */
  closing(from: number): number {
    const inside = this.find(")", from + 1);
    return (inside ?? this.tokens.length - 1) + 1;
  }

  /** Index just after the item that begins at token `from`: at the next comma of the same depth, or at the end. */
  endOfItem(from: number): number {
    return this.find(",", from) ?? this.tokens.length;
  }

  /** The name that begins at a `location`, with its schema, as written. */
  nameAt(location: number | undefined): string {
    const from = this.at(location);
    let to = from + 1;
    while (this.tokens[to]?.text === ".") to += 2;
    return this.slice(from, to);
  }
}
