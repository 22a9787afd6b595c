import { loadParser, parseLoaded } from "./parse.ts";

/** A statement's form: no constant, no comment, and of its names only those that are known. */
export interface ShapedStatement {
  /** Names that stand in it, as the server folds them; keywords are none. */
  readonly names: readonly string[];
  /**
   * Its text, with `$n` for each value. Other names than the known ones are labels of its own (aliases, CTEs): they are called
   * `a1`, `a2`, … instead, for what stands in them may be anything.
   */
  readonly write: (known: ReadonlySet<string>) => string;
}

/** What a statement is told as that has no shape. */
export type ShapelessReason = "no query" | "not to be parsed";

type Node = Readonly<Record<string, unknown>>;

/** A name that is the server's own where it may stand. */
const excluded = "excluded";

/** Kinds of statements that read or write rows. */
const queries = new Set(["SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"]);

/**
 * Takes everything out of one statement that may be somebody's: constants of every form become parameters (behind those that it
 * has), comments go. Whole numbers stay where they are places in ORDER BY and GROUP BY, or lengths of types. It fails closed:
 * a token of an unknown kind makes a statement "not to be parsed", and what is no SELECT, INSERT, UPDATE, DELETE or MERGE is
 * "no query".
 */
export async function shapeOf(sql: string): Promise<ShapedStatement | ShapelessReason> {
  const { scanSync } = await loadParser();
  try {
    const statements = parseLoaded(sql, "a statement");
    const [only] = statements;
    if (only === undefined) return "no query";
    if (statements.length > 1) return "not to be parsed";
    if (!queries.has(only.kind) || makesTable(only.node)) return "no query";
    const text = only.sql;
    const places = new Places();
    // By itself: the places in its tree count from its own begin.
    places.look(parseLoaded(text, "a statement")[0]!.node, undefined);
    const pieces = piecesOf(Buffer.from(text, "utf8"), scanSync(text).tokens, places);
    if (pieces === undefined) return "not to be parsed";
    const names = [...new Set(pieces.flatMap((one) => ("name" in one ? [one.name] : [])))];
    return { names, write: (known) => written(pieces, names, known) };
  } catch {
    return "not to be parsed";
  }
}

/** `SELECT … INTO`, which is written in the first SELECT of a UNION. */
function makesTable(node: unknown): boolean {
  let select = (node as { readonly SelectStmt?: Node }).SelectStmt;
  while (select !== undefined && select["intoClause"] === undefined)
    select = select["larg"] as Node | undefined;
  return select !== undefined;
}

/** Places in the tree, in bytes, that decide about constants. */
class Places {
  /** Constants, signs in front of them among them. */
  readonly constants = new Set<number>();
  /** Numbers that stay. */
  readonly kept = new Set<number>();
  /** `interval $1` and `date '…'`: from the type's first byte to the value's. The server takes no parameter there. */
  readonly casts = new Map<number, number>();

  look(value: unknown, member: string | undefined): void {
    if (Array.isArray(value)) {
      for (const one of value as readonly unknown[]) this.look(one, member);
      return;
    }
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value as Node)) {
      if (name === "A_Const") this.#constant(inner as Node, member);
      if (name === "TypeCast") this.#cast(inner as Node);
      const isPlace = name === "SortBy" || name === "node";
      this.look(inner, isPlace && member === "sortClause" ? member : name);
    }
  }

  #constant(node: Node, member: string | undefined): void {
    const at = Number(node["location"] ?? 0);
    this.constants.add(at);
    const isOrder = member === "sortClause" || member === "groupClause";
    if ("ival" in node && (isOrder || member === "typmods")) this.kept.add(at);
  }

  #cast({ arg, typeName }: Node): void {
    const { ParamRef: parameter, A_Const: constant } = (arg ?? {}) as Readonly<
      Record<string, Node | undefined>
    >;
    const value = Number((parameter ?? constant)?.["location"] ?? -1);
    const type = Number((typeName as Node | undefined)?.["location"] ?? -1);
    // TRUE and FALSE are casts too, without a type that is written.
    if (type >= 0 && type < value) this.casts.set(type, value);
  }
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tokenName: string;
  readonly keywordName: string;
}

type Piece = { readonly text: string } | { readonly name: string; readonly as: string };

const space: Piece = { text: " " };

/** Undefined where a token is of a kind that is not known. */
function piecesOf(
  bytes: Buffer,
  tokens: readonly Token[],
  { constants, kept, casts }: Places,
): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  let next = 1 + Math.max(0, ...tokens.map(({ text }) => Number(/^\$(\d+)$/.exec(text)?.[1] ?? 0)));
  let at = 0;
  let isNegative = false;
  /** Where the value is that a type is written before, and the type's pieces so far begin. */
  let cast: { readonly value: number; readonly from: number } | undefined;
  for (const token of tokens) {
    const { start, end } = token;
    if (bytes.toString("utf8", at, start).trim() !== "") return undefined;
    if (start > at && at > 0) pieces.push(space);
    at = end;
    const value = casts.get(start);
    if (value !== undefined) cast = { value, from: pieces.length };
    const piece = pieceOf(token, bytes.toString("utf8", start, end));
    if (piece === "comment") {
      pieces.push(space);
      continue;
    }
    if (piece === undefined) return undefined;
    const isSign = constants.has(start) && token.text === "-";
    if (isSign) {
      isNegative = true;
      continue;
    }
    const isConstant = piece === "constant" || constants.has(start) || isNegative;
    const told = !isConstant
      ? piece
      : { text: kept.has(start) && /^\d{1,8}$/.test(token.text) ? token.text : `$${next++}` };
    isNegative = false;
    if (cast !== undefined && start >= cast.value) {
      const type = pieces
        .splice(cast.from)
        .filter((one, index, all) => one !== space || index + 1 < all.length);
      pieces.push({ text: "CAST(" }, told, { text: " AS " }, ...type, { text: ")" });
      cast = undefined;
    } else pieces.push(told);
  }
  return pieces;
}

const isConstantText = /^(?:[0-9.$']|[eEbBxXnN]'|[uU]&')/;
const isOperatorText = /^[-+*/<>=~!@#%^&|`?.,;:()[\]]+$/;

function pieceOf(token: Token, text: string): Piece | "constant" | "comment" | undefined {
  const { tokenName, keywordName } = token;
  if (tokenName.endsWith("COMMENT")) return "comment";
  if (tokenName === "PARAM" && /^\$\d+$/.test(text)) return { text };
  if (tokenName === "IDENT") {
    const isQuoted = text.startsWith('"');
    return {
      name: isQuoted ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase(),
      as: text,
    };
  }
  if (keywordName !== "NO_KEYWORD") return /^[a-z_]+$/i.test(text) ? { text } : undefined;
  if (isOperatorText.test(text) && !/^\.\d/.test(text)) return { text };
  return isConstantText.test(text) ? "constant" : undefined;
}

function written(
  pieces: readonly Piece[],
  names: readonly string[],
  known: ReadonlySet<string>,
): string {
  const labels = new Map<string, string>();
  let number = 0;
  for (const name of names) {
    if (known.has(name) || name === excluded) continue;
    do number++;
    while (known.has(`a${number}`));
    labels.set(name, `a${number}`);
  }
  return pieces
    .filter((piece, index) => piece !== space || pieces[index - 1] !== space)
    .map((piece) => ("text" in piece ? piece.text : (labels.get(piece.name) ?? piece.as)))
    .join("")
    .trim();
}
