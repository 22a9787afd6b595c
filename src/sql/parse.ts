import { createRequire } from "node:module";
import type * as LibPgQuery from "libpg-query";
import type { Node } from "@pgsql/types";
import { LockstepError } from "../errors/index.ts";

/** A parse tree node of Postgres' own grammar, e.g. `{ AlterTableStmt: … }`. */
export type ParseNode = Node;

/** One SQL statement with its place in the text it came from. */
export interface Statement {
  /** Position in the file, from 0. */
  readonly index: number;
  /** The statement's own text, without the closing semicolon and without comments before it. */
  readonly sql: string;
  /** UTF-16 offsets into the text that was parsed. */
  readonly start: number;
  readonly end: number;
  /** 1-based line of the statement's first character. */
  readonly line: number;
  /** Node type of the tree's root, e.g. `AlterTableStmt`. */
  readonly kind: string;
  readonly node: ParseNode;
}

let parser: typeof LibPgQuery | undefined;
/** True once the parser ran out of stack: it does not get back what it had of it, and fails at last for any text. */
let spoiled = false;
let prepare: () => Promise<void> = async () => {};

/** Has something done before the parser is loaded: a process that is all ours may set V8 up for it. */
export function beforeParserLoads(task: () => Promise<void>): void {
  prepare = task;
}

/**
 * The grammar of Postgres 18 compiled to WASM, loaded on first use (about 30 ms).
 * The package's ES module build imports nothing Node cannot load, but its CommonJS build starts faster.
 */
export async function loadParser(): Promise<typeof LibPgQuery> {
  if (parser === undefined || spoiled) {
    await prepare();
    const require = createRequire(import.meta.url);
    if (spoiled)
      for (const path of Object.keys(require.cache))
        if (path.includes("libpg-query")) delete require.cache[path];
    const library = require("libpg-query") as typeof LibPgQuery;
    await library.loadModule();
    parser = library;
    spoiled = false;
  }
  return parser;
}

/**
 * Splits and parses SQL text with Postgres' own grammar. Empty or comment-only text gives no statements.
 *
 * @param origin name of the file (or other source) for the error message
 * @param firstLine line of `text`'s first line within `origin`, 1 by default
 * @throws LockstepError `sql-syntax` with file:line:column
 */
export async function parseSql(
  text: string,
  origin: string,
  firstLine = 1,
): Promise<readonly Statement[]> {
  if (text.trim() === "") return [];
  await loadParser();
  return parseLoaded(text, origin, firstLine);
}

/** The parser, once `loadParser` or `parseSql` has loaded it. */
export function loadedParser(): typeof LibPgQuery {
  if (parser === undefined) throw new Error("the parser is used before it was loaded");
  return parser;
}

/** As `parseSql`, for text met while looking at parsed statements: the parser is loaded by then. */
export function parseLoaded(text: string, origin: string, firstLine = 1): readonly Statement[] {
  if (text.trim() === "") return [];
  if (text.includes("\0"))
    throw syntaxError("a NUL character", text.indexOf("\0"), text, origin, firstLine);
  const { parseSync } = loadedParser();
  const offsets = utf16Offsets(text);
  try {
    const { stmts = [] } = parseSync(text);
    let line = firstLine;
    let counted = 0;
    return stmts.map((raw, index) => {
      const from = raw.stmt_location ?? 0;
      const start = offsets(from);
      if ((raw.stmt_len ?? text.length) > mostLevels / 2 && isDeeper(raw.stmt, mostLevels))
        throw syntaxError(tooDeep, start, text, origin, firstLine);
      const end = raw.stmt_len ? offsets(from + raw.stmt_len) : text.trimEnd().length;
      line += countLines(text, counted, start);
      counted = start;
      const node = raw.stmt as ParseNode;
      const sql = text.slice(start, end).trimEnd();
      return {
        index,
        sql,
        start,
        end: start + sql.length,
        line,
        kind: Object.keys(node)[0]!,
        node,
      };
    });
  } catch (error) {
    if (error instanceof LockstepError) throw error;
    if (isOutOfStack(error)) throw syntaxError(tooDeep, 0, text, origin, firstLine);
    const position = (error as { sqlDetails?: { cursorPosition?: number } }).sqlDetails
      ?.cursorPosition;
    const at = position === undefined ? 0 : codePointOffset(text, position);
    throw syntaxError((error as Error).message, at, text, origin, firstLine);
  }
}

/** As Postgres says it (54001, postgres.c), which gives up later: at 2 MB of stack by default. */
const tooDeep = "stack depth limit exceeded: a statement is nested too deeply to be looked into";

/** Levels of a parse tree that are gone through; an operator in an expression is two, a sub-select five. */
const mostLevels = 2_000;

/** The same for the tree of a PL/pgSQL body, where a block or a condition is three or four. */
const mostProgramLevels = 1_000;

/** A PL/pgSQL body is nested too deeply to be looked into. */
export class ProgramTooDeep extends Error {}

/**
 * The tree of the functions that a CREATE FUNCTION or DO in PL/pgSQL holds, as libpg-query gives it.
 * @throws ProgramTooDeep
 * @throws Error with the message of the PL/pgSQL compiler
 */
export function parsePlPgSql(text: string): unknown {
  try {
    const tree: unknown = loadedParser().parsePlPgSQLSync(text);
    if (!isDeeper(tree, mostProgramLevels)) return tree;
  } catch (error) {
    if (!isOutOfStack(error)) throw error;
  }
  throw new ProgramTooDeep("it is nested too deeply to be looked into");
}

/** Says so, and has the parser loaded anew before it reads the next file. */
function isOutOfStack(error: unknown): boolean {
  const isOut = error instanceof RangeError || (error as Error).name === "RuntimeError";
  spoiled ||= isOut;
  return isOut;
}

/** True when a tree has more levels than that; it is not gone into by recursion, which might not come back. */
function isDeeper(tree: unknown, levels: number): boolean {
  let row: unknown[] = [tree];
  for (let level = 0; row.length > 0; level++) {
    if (level > levels) return true;
    const next: unknown[] = [];
    for (const item of row)
      if (typeof item === "object" && item !== null)
        for (const value of Object.values(item)) if (typeof value === "object") next.push(value);
    row = next;
  }
  return false;
}

function syntaxError(
  message: string,
  at: number,
  text: string,
  origin: string,
  firstLine: number,
): LockstepError {
  const line = countLines(text, 0, at);
  const lineStart = text.lastIndexOf("\n", at - 1) + 1;
  const place = `${origin}:${firstLine + line}:${at - lineStart + 1}`;
  const excerpt = text.slice(lineStart).split("\n", 1)[0]!.trim().slice(0, 120);
  return new LockstepError("sql-syntax", {
    what: `${place}: ${message}`,
    expected: "SQL that Postgres' own grammar accepts",
    found: excerpt === "" ? "the end of the file" : excerpt,
    from: place,
    why: "the file was never run as it stands, or it holds psql commands (\\connect, \\set), which are not SQL",
    next: [`correct ${place} and run the command again; nothing was changed`],
  });
}

/** Byte offsets of the parser to UTF-16 offsets of JavaScript. Free for ASCII text. */
function utf16Offsets(text: string): (byte: number) => number {
  if (Buffer.byteLength(text, "utf8") === text.length) return (byte) => byte;
  const bytes = Buffer.from(text, "utf8");
  let knownByte = 0;
  let knownIndex = 0;
  return (byte) => {
    if (byte < knownByte) knownByte = knownIndex = 0;
    knownIndex += bytes.toString("utf8", knownByte, byte).length;
    knownByte = byte;
    return knownIndex;
  };
}

function codePointOffset(text: string, codePoints: number): number {
  let index = 0;
  for (let seen = 0; seen < codePoints && index < text.length; seen++)
    index += text.codePointAt(index)! > 0xffff ? 2 : 1;
  return index;
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0;
  for (let at = text.indexOf("\n", from); at !== -1 && at < to; at = text.indexOf("\n", at + 1))
    lines++;
  return lines;
}
