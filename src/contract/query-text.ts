import { loadedParser, parseLoaded, type ParseNode } from "../sql/index.ts";

type Node = Readonly<Record<string, unknown>>;

/** A statement without the values that it was sent with. */
export interface QueryText {
  /** With `$1`, `$2`, … for each value, numbered as they stand in the text. */
  readonly sql: string;
  /** Type of each value where the text itself tells it, as of a number; null for the server to find out. */
  readonly types: readonly (string | null)[];
  /** The constant that stood there, to be put back where it names something; null for a parameter. */
  readonly constants: readonly (string | null)[];
}

/** A value in a statement's text: a parameter or a constant. Positions are bytes. */
interface Slot {
  readonly start: number;
  readonly end: number;
  /** Equal values have one number, so that `GROUP BY` sees the expression that is selected. */
  readonly key: string;
  readonly type: string | null;
  readonly constant: string | null;
  /** `interval '1 day'`: the words before it, which are written behind it instead. */
  readonly cast?: string;
}

/**
 * Takes the values out of one statement, as pg_stat_statements does, but so that the text can be prepared again: constants
 * become parameters, lists of them one. Comments around it are left away. Positions in ORDER BY and GROUP BY, lengths of types
 * and the condition of an ON CONFLICT stay: they are no values of rows.
 *
 * @param apart each constant becomes a parameter of its own, though another is equal to it
 * @param kept constants that stay
 * @throws LockstepError `sql-syntax`
 */
export function textOfQuery(
  sql: string,
  {
    apart = false,
    kept = [],
  }: { readonly apart?: boolean; readonly kept?: readonly string[] } = {},
): QueryText {
  const [statement] = parseLoaded(sql, "a recorded statement");
  if (statement === undefined) return { sql: "", types: [], constants: [] };
  const text = new Text(statement.sql);
  const [only] = parseLoaded(statement.sql, "a recorded statement");
  const found = new Found(text, new Set(kept), apart);
  found.look(only!.node, undefined);
  return found.written();
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly tokenName: string;
  readonly text: string;
}

/** A text by its bytes, which the parser counts. */
class Text {
  readonly bytes: Buffer;
  readonly tokens: readonly Token[];
  readonly #at: ReadonlyMap<number, number>;

  constructor(sql: string) {
    this.bytes = Buffer.from(sql, "utf8");
    this.tokens = loadedParser().scanSync(sql).tokens;
    this.#at = new Map(this.tokens.map(({ start }, index) => [start, index]));
  }

  /** Number of the token that begins there. */
  indexAt(position: number): number | undefined {
    return this.#at.get(position);
  }

  slice(start: number, end: number): string {
    return this.bytes.toString("utf8", start, end);
  }
}

const constantTokens = new Set(["ICONST", "FCONST", "SCONST", "USCONST"]);

class Found {
  readonly #text: Text;
  readonly #kept: ReadonlySet<string>;
  readonly #apart: boolean;
  readonly #slots: Slot[] = [];
  /** What is cut out: all but the first of a list. */
  readonly #cut: { readonly start: number; readonly end: number }[] = [];

  constructor(text: Text, kept: ReadonlySet<string>, apart: boolean) {
    this.#text = text;
    this.#kept = kept;
    this.#apart = apart;
  }

  look(value: unknown, member: string | undefined): void {
    if (Array.isArray(value)) {
      for (const one of value as readonly unknown[]) this.look(one, member);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value as Node)) {
      if (name === "typmods" || name === "infer") continue;
      // Positions of what is selected.
      if ((member === "sortClause" || member === "groupClause") && isPosition(inner, name))
        continue;
      if (name === "ParamRef") this.#parameter(inner as Node);
      else if (name === "A_Const") this.#constant(inner as Node);
      else if (name === "TypeCast") this.#cast(inner as Node);
      else if (name === "A_Expr" && (inner as Node)["kind"] === "AEXPR_IN") this.#in(inner as Node);
      else if (name === "valuesLists") this.#rows(inner as readonly Node[]);
      else this.look(inner, name === "SortBy" || name === "node" ? member : name);
    }
  }

  #parameter({ number, location }: Node): void {
    const start = Number(location ?? 0);
    const token = this.#text.tokens[this.#text.indexAt(start) ?? -1];
    if (token === undefined) return;
    this.#slots.push({
      start,
      end: token.end,
      key: `$${String(number)}`,
      type: null,
      constant: null,
    });
  }

  #constant(node: Node, cast?: string, castStart?: number): void {
    const start = Number(node["location"] ?? 0);
    const index = this.#text.indexAt(start);
    if (index === undefined) return;
    const isNegative = this.#text.tokens[index]!.text === "-";
    const token = this.#text.tokens[isNegative ? index + 1 : index];
    if (token === undefined || !constantTokens.has(token.tokenName)) return;
    const constant = this.#text.slice(start, token.end);
    if (this.#kept.has(constant)) return;
    this.#slots.push({
      start: castStart ?? start,
      end: token.end,
      key: this.#apart ? `${constant}\0${start}` : constant,
      type: numberType(node),
      constant,
      ...(cast === undefined ? {} : { cast }),
    });
  }

  #cast(node: Node): void {
    const type = node["typeName"] as Node | undefined;
    const constant = (node["arg"] as Node | undefined)?.["A_Const"] as Node | undefined;
    const typeStart = Number(type?.["location"] ?? -1);
    const start = Number(constant?.["location"] ?? -1);
    if (constant === undefined || typeStart < 0 || typeStart > start) {
      this.look(node["arg"], "arg");
      return;
    }
    // `interval '1' day` has words behind it too: it stays.
    if (type!["typmods"] === undefined)
      this.#constant(constant, this.#text.slice(typeStart, start).trim(), typeStart);
  }

  #in(node: Node): void {
    this.look(node["lexpr"], "lexpr");
    const items = ((node["rexpr"] as Node | undefined)?.["List"] as Node | undefined)?.["items"];
    const before = this.#slots.length;
    this.look(node["rexpr"], "rexpr");
    const made = this.#slots.slice(before);
    if (Array.isArray(items) && items.length > 1 && made.length === items.length)
      this.#onlyFirst(before, made[0]!.end, made.at(-1)!.end);
  }

  /** Rows that are all values: the first stands for all. */
  #rows(rows: readonly Node[]): void {
    const before = this.#slots.length;
    const counts = rows.map((row) => {
      const from = this.#slots.length;
      this.look(row, "valuesLists");
      const items = (row["List"] as Node | undefined)?.["items"] as readonly Node[];
      const defaults = items.filter((item) => "SetToDefault" in item).length;
      return this.#slots.length - from === items.length - defaults ? this.#slots.length : undefined;
    });
    if (rows.length < 2 || counts.includes(undefined)) return;
    const lastOf = (row: Node) => {
      const items = (row["List"] as Node)["items"] as readonly Node[];
      const location = Object.values(items.at(-1)!)[0] as Node;
      return this.#closing(Number(location["location"] ?? 0));
    };
    this.#onlyFirst(before, lastOf(rows[0]!), lastOf(rows.at(-1)!), counts[0]);
  }

  /** End of the parenthesis that closes behind a place at its own depth. */
  #closing(position: number): number {
    let depth = 0;
    for (let at = this.#text.indexAt(position) ?? 0; at < this.#text.tokens.length; at++) {
      const { text, end } = this.#text.tokens[at]!;
      if (text === "(") depth++;
      if (text === ")" && depth-- === 0) return end;
    }
    return position;
  }

  #onlyFirst(from: number, firstEnd: number, lastEnd: number, keep = from + 1): void {
    this.#slots.length = keep;
    this.#cut.push({ start: firstEnd, end: lastEnd });
  }

  written(): QueryText {
    const slots = this.#slots.toSorted((a, b) => a.start - b.start);
    const numbers = new Map<string, number>();
    const types: (string | null)[] = [];
    const constants: (string | null)[] = [];
    const edits = slots.map(({ start, end, key, type, constant, cast }) => {
      let number = numbers.get(key);
      if (number === undefined) {
        number = numbers.size + 1;
        numbers.set(key, number);
        types.push(cast === undefined ? type : null);
        constants.push(constant);
      }
      return { start, end, put: cast === undefined ? `$${number}` : `CAST($${number} AS ${cast})` };
    });
    const comments = this.#text.tokens
      .filter(({ tokenName }) => tokenName.endsWith("COMMENT"))
      .map(({ start, end }) => ({ start, end, put: " " }));
    const all = [...edits, ...comments, ...this.#cut.map((cut) => ({ ...cut, put: "" }))];
    let sql = "";
    let at = 0;
    for (const { start, end, put } of all.toSorted((a, b) => a.start - b.start)) {
      if (start < at) continue;
      sql += this.#text.slice(at, start) + put;
      at = end;
    }
    sql += this.#text.slice(at, this.#text.bytes.length);
    return { sql: lines(sql), types, constants };
  }
}

/** Without blanks at the ends of lines, empty lines and the indentation that all lines have. */
function lines(sql: string): string {
  const kept = sql
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  const [first = "", ...rest] = kept;
  const indents = rest.map((line) => line.length - line.trimStart().length);
  const common = indents.length === 0 ? 0 : Math.min(...indents);
  return [first.trimStart(), ...rest.map((line) => line.slice(common))].join("\n").trim();
}

/** As the grammar types a number (make_const, parse_node.c). */
function numberType(node: Node): string | null {
  if ("fval" in node) {
    const { fval } = node["fval"] as { readonly fval?: string };
    const isWhole = /^-?\d+$/.test(fval ?? "") && BigInt(fval!) < 2n ** 63n;
    return isWhole ? "bigint" : "numeric";
  }
  return "ival" in node ? "integer" : null;
}

function isPosition(node: unknown, name: string): boolean {
  const constant = name === "A_Const" ? (node as Node) : undefined;
  if (constant !== undefined) return "ival" in constant;
  const sorted = name === "SortBy" ? ((node as Node)["node"] as Node | undefined) : undefined;
  return sorted !== undefined && "A_Const" in sorted;
}

/** Kinds of statements that read or write rows. */
export const queryKinds: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
]);

export type { ParseNode };
