/** A schema file as it was read. */
export interface PrismaFile {
  /** Relative to the project's folder, as positions name it. */
  readonly name: string;
  readonly text: string;
}

/** A value in an attribute's arguments: `"text"`, `Cascade` or `42`, `[a, b]`, `dbgenerated("…")`. */
export type PrismaValue =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly PrismaValue[] }
  | { readonly kind: "call"; readonly text: string; readonly args: readonly PrismaArgument[] };

export interface PrismaArgument {
  readonly name: string | undefined;
  readonly value: PrismaValue;
}

/** `@id`, `@db.VarChar(20)`, `@@unique([a, b], map: "x")`. */
export interface PrismaAttribute {
  /** Without its `@` or `@@`: `id`, `db.VarChar`. */
  readonly name: string;
  readonly args: readonly PrismaArgument[];
  readonly line: number;
  /** As it is written. */
  readonly text: string;
}

/** A field of a model, a value of an enum, or a property of a datasource or generator. */
export interface PrismaField {
  readonly name: string;
  /** `String`, `Unsupported`, a model's or enum's name; empty for enum values and properties. */
  readonly type: string;
  /** The type as it is written: `Unsupported("tsvector")?`. */
  readonly typeText: string;
  readonly isList: boolean;
  readonly isOptional: boolean;
  readonly attributes: readonly PrismaAttribute[];
  /** Of a property. */
  readonly value?: PrismaValue | undefined;
  readonly line: number;
  /** Where it stands in the file's text. */
  readonly start: number;
  readonly end: number;
}

export interface PrismaBlock {
  /** `model`, `view`, `enum`, `type`, `datasource`, `generator`. */
  readonly kind: string;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly fields: readonly PrismaField[];
  /** Those of the whole block: `@@map`, `@@index`. */
  readonly attributes: readonly PrismaAttribute[];
}

interface Token {
  readonly kind: "text" | "word" | "mark" | "newline" | "end";
  readonly text: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a schema's blocks with the place of everything in them. It judges nothing: that is the engine's part, which
 * gives no places away, so what is not understood here is passed over.
 */
export function readPrismaBlocks({ name, text }: PrismaFile): readonly PrismaBlock[] {
  return new Reader(name, text).blocks();
}

// Comments, and strings with escapes, as in Prisma's own grammar (datamodel.pest).
const pattern =
  /(?<skip>\/\/[^\n]*|\/\*[^]*?\*\/|[^\S\n]+)|(?<newline>\n)|(?<text>"(?:[^"\\\n]|\\.)*")|(?<word>[-\p{L}\p{N}_.]+)|(?<mark>@@|[^])/guy;

function tokensOf(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let line = 1;
  for (const match of source.matchAll(pattern)) {
    const [text] = match;
    const groups = match.groups!;
    const kind = (["newline", "text", "word", "mark"] as const).find(
      (one) => groups[one] !== undefined,
    );
    const start = match.index;
    if (kind !== undefined) tokens.push({ kind, text, line, start, end: start + text.length });
    line += text.split("\n").length - 1;
  }
  tokens.push({ kind: "end", text: "", line, start: source.length, end: source.length });
  return tokens;
}

class Reader {
  readonly #file: string;
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(file: string, source: string) {
    this.#file = file;
    this.#source = source;
    this.#tokens = tokensOf(source);
  }

  blocks(): readonly PrismaBlock[] {
    const blocks: PrismaBlock[] = [];
    while (this.#token.kind !== "end") {
      const [kind, name, open] = this.#tokens.slice(this.#at, this.#at + 3);
      if (kind!.kind === "word" && name?.kind === "word" && open?.text === "{") {
        this.#at += 3;
        blocks.push({ kind: kind!.text, name: name.text, line: kind!.line, ...this.#body() });
      } else this.#at++;
    }
    return blocks;
  }

  get #token(): Token {
    return this.#tokens[this.#at]!;
  }

  /** Moves on over the mark if it is there. */
  #take(mark: string): boolean {
    if (this.#token.kind !== "mark" || this.#token.text !== mark) return false;
    this.#at++;
    return true;
  }

  #body(): Pick<PrismaBlock, "file" | "fields" | "attributes"> {
    const fields: PrismaField[] = [];
    const attributes: PrismaAttribute[] = [];
    while (this.#token.kind !== "end" && !this.#take("}")) {
      if (this.#token.text === "@@") attributes.push(this.#attribute());
      else if (this.#token.kind === "word") fields.push(this.#field());
      else this.#at++;
    }
    return { file: this.#file, fields, attributes };
  }

  #field(): PrismaField {
    const { text: name, line, start } = this.#token;
    this.#at++;
    const value = this.#take("=") ? this.#value() : undefined;
    const from = this.#token.start;
    let type = "";
    let isList = false;
    let isOptional = false;
    if (value === undefined && this.#token.kind === "word") {
      type = this.#token.text;
      this.#at++;
      if (this.#token.text === "(") this.#arguments();
      isList = this.#take("[");
      if (isList) this.#take("]");
      isOptional = this.#take("?");
    }
    const typeText = type === "" ? "" : this.#source.slice(from, this.#before);
    const attributes: PrismaAttribute[] = [];
    while (!this.#endsField()) {
      if (this.#token.text === "@") attributes.push(this.#attribute());
      else this.#at++;
    }
    const end = this.#before;
    return { name, type, typeText, isList, isOptional, attributes, value, line, start, end };
  }

  #endsField(): boolean {
    const { kind, text } = this.#token;
    return kind === "newline" || kind === "end" || text === "}";
  }

  /** Where the token before this one ends. */
  get #before(): number {
    return this.#tokens[this.#at - 1]!.end;
  }

  #attribute(): PrismaAttribute {
    const { line, start } = this.#token;
    this.#at++;
    const name = this.#token.text;
    this.#at++;
    const args = this.#token.text === "(" ? this.#arguments() : [];
    return { name, args, line, text: this.#source.slice(start, this.#before) };
  }

  #skipLines(): void {
    while (this.#token.kind === "newline") this.#at++;
  }

  #arguments(): readonly PrismaArgument[] {
    this.#take("(");
    const args: PrismaArgument[] = [];
    while (this.#token.kind !== "end" && !this.#take(")")) {
      const { kind, text } = this.#token;
      if (kind === "newline" || text === ",") {
        this.#at++;
        continue;
      }
      const named = kind === "word" && this.#tokens[this.#at + 1]?.text === ":";
      if (named) this.#at += 2;
      args.push({ name: named ? text : undefined, value: this.#value() });
    }
    return args;
  }

  #value(): PrismaValue {
    this.#skipLines();
    if (this.#take("[")) {
      const items: PrismaValue[] = [];
      while (this.#token.kind !== "end" && !this.#take("]")) {
        if (this.#token.kind === "newline" || this.#token.text === ",") this.#at++;
        else items.push(this.#value());
      }
      return { kind: "list", items };
    }
    const { kind, text } = this.#token;
    if (kind !== "end") this.#at++;
    if (kind === "text") return { kind: "text", text: unescaped(text) };
    return this.#token.text === "("
      ? { kind: "call", text, args: this.#arguments() }
      : { kind: "word", text };
  }
}

/** A string's content; its escapes are those of JSON. */
function unescaped(literal: string): string {
  try {
    return JSON.parse(literal) as string;
  } catch {
    return literal.slice(1, -1);
  }
}

/** An argument by its name, or the first without one. */
export function argument(
  attribute: PrismaAttribute | undefined,
  name: string,
  alsoFirst = false,
): PrismaValue | undefined {
  const found =
    attribute?.args.find((one) => one.name === name) ??
    (alsoFirst ? attribute?.args.find((one) => one.name === undefined) : undefined);
  return found?.value;
}

export function attributeNamed(
  { attributes }: Pick<PrismaField | PrismaBlock, "attributes">,
  name: string,
): PrismaAttribute | undefined {
  return attributes.find((one) => one.name === name);
}

/** The text of an argument that is a string. */
export function textOf(value: PrismaValue | undefined): string | undefined {
  return value?.kind === "text" ? value.text : undefined;
}

/** The names in `[a, b(sort: Desc)]`. */
export function namesIn(value: PrismaValue | undefined): readonly string[] {
  if (value?.kind !== "list") return [];
  return value.items.flatMap((item) =>
    item.kind === "word" || item.kind === "call" ? [item.text] : [],
  );
}
