import { parseSql, type ParseNode, type Statement } from "../sql/index.ts";
import { clientSettings } from "./overhead.ts";
import { NoLiteral, withLiterals } from "./parameters.ts";
import type { Sent } from "./wire/conversation.ts";

/** A statement that took effect. */
export interface Committed {
  /** In the order in which they were sent. */
  readonly number: number;
  readonly statement: Statement;
  /** The transaction that it was sent in, by a number; undefined for one that was alone. */
  readonly transaction: number | undefined;
  /** How that one was begun, when it was not by plain BEGIN. */
  readonly begin: string | undefined;
  /** Why its parameters could not be written into it. */
  readonly lacks: string | undefined;
  /** True when it took rows from the client, which are not kept. */
  readonly copies: boolean;
  /** What was set for the session before, and is in force. */
  readonly settings: readonly string[];
}

interface Open {
  readonly number: number;
  readonly begin: string;
  pieces: Committed[];
}

interface Line {
  open: Open | undefined;
  settings: ReadonlyMap<string, string>;
}

/**
 * What remained of everything that was sent: without what failed or was rolled back, and without the statements that only
 * begin and end transactions.
 *
 * @throws LockstepError `sql-syntax` for a text that the server took and our grammar does not
 */
export async function committedOf(all: readonly Sent[]): Promise<readonly Committed[]> {
  const connections = new Map<number, Line>();
  const done: Committed[] = [];
  let transactions = 0;
  for (const sent of all) {
    const line = connections.get(sent.connection) ?? { open: undefined, settings: new Map() };
    connections.set(sent.connection, line);
    const read = new Reading(sent, line, done, () => ++transactions);
    await read.run();
  }
  return done.toSorted((a, b) => a.number - b.number);
}

/** One text of SQL on its way. */
class Reading {
  readonly #sent: Sent;
  readonly #line: Line;
  readonly #done: Committed[];
  readonly #begin: () => number;
  /** The block that several statements of one text share (manual 54.2.2.1). */
  #implicit: Open | undefined;

  constructor(sent: Sent, line: Line, done: Committed[], begin: () => number) {
    this.#sent = sent;
    this.#line = line;
    this.#done = done;
    this.#begin = begin;
  }

  async run(): Promise<void> {
    const { sql, values, tags, error, number } = this.#sent;
    if (tags.length === 0) return;
    let text = sql;
    let lacks: string | undefined;
    // Parameters are part of the grammar: a statement is parsed before its values are written into it.
    await parseSql(sql, `statement ${number} of the recording`);
    try {
      text = withLiterals(sql, values ?? []);
    } catch (failure) {
      if (!(failure instanceof NoLiteral)) throw failure;
      lacks = failure.message;
    }
    const statements = await parseSql(text, `statement ${number} of the recording`);
    if (statements.length > 1 && this.#line.open === undefined)
      this.#implicit = { number: this.#begin(), begin: "BEGIN", pieces: [] };
    for (const [index, statement] of statements.slice(0, tags.length).entries())
      this.#take(statement, tags[index]!, lacks);
    if (this.#implicit !== undefined && error === undefined)
      this.#done.push(...this.#implicit.pieces);
  }

  #take(statement: Statement, tag: string, lacks: string | undefined): void {
    const { node } = statement;
    if ("TransactionStmt" in node) return this.#control(statement, node.TransactionStmt, tag);
    const line = this.#line;
    const inside = line.open ?? this.#implicit;
    const { number, copies } = this.#sent;
    const piece: Committed = {
      number,
      statement,
      transaction: inside?.number,
      begin: inside === undefined || /^begin$/i.test(inside.begin) ? undefined : inside.begin,
      lacks,
      copies,
      settings: [...line.settings.values()],
    };
    line.settings = afterSetting(line.settings, statement);
    if (inside === undefined) this.#done.push(piece);
    else inside.pieces.push(piece);
  }

  #control(
    statement: Statement,
    { kind, savepoint_name: savepoint, chain }: Control,
    tag: string,
  ): void {
    const line = this.#line;
    switch (kind) {
      case "TRANS_STMT_BEGIN":
      case "TRANS_STMT_START":
        // What stood before it in the same text becomes part of it (xact.c, BeginTransactionBlock).
        line.open ??= {
          number: this.#implicit?.number ?? this.#begin(),
          begin: statement.sql,
          pieces: this.#implicit?.pieces ?? [],
        };
        this.#implicit = undefined;
        return;
      case "TRANS_STMT_COMMIT":
      case "TRANS_STMT_PREPARE":
        // A transaction that has failed is rolled back by COMMIT, and the server says so.
        if (tag !== "ROLLBACK") this.#done.push(...lasting(line.open?.pieces ?? []));
        this.#end(chain === true);
        return;
      case "TRANS_STMT_ROLLBACK":
        this.#end(chain === true);
        return;
      case "TRANS_STMT_COMMIT_PREPARED":
      case "TRANS_STMT_ROLLBACK_PREPARED":
      case undefined:
        // What was prepared counts as committed: a migration that takes it back is none.
        return;
      case "TRANS_STMT_ROLLBACK_TO": {
        const { open } = line;
        const at = open?.pieces.findLastIndex(
          (piece) => savepointOf(piece.statement.node) === savepoint,
        );
        if (open !== undefined && at !== undefined) open.pieces = open.pieces.slice(0, at + 1);
        return;
      }
      case "TRANS_STMT_SAVEPOINT":
      case "TRANS_STMT_RELEASE":
        line.open?.pieces.push({
          number: this.#sent.number,
          statement,
          transaction: line.open.number,
          begin: undefined,
          lacks: undefined,
          copies: false,
          settings: [],
        });
        return;
    }
  }

  #end(chain: boolean): void {
    const { begin = "BEGIN" } = this.#line.open ?? {};
    this.#line.open = chain ? { number: this.#begin(), begin, pieces: [] } : undefined;
  }
}

type Control = Extract<ParseNode, { TransactionStmt: unknown }>["TransactionStmt"];

/** Without savepoints: what was rolled back to one is gone already, and a released one changes nothing. */
function lasting(pieces: readonly Committed[]): readonly Committed[] {
  return pieces.filter(({ statement }) => statement.kind !== "TransactionStmt");
}

function savepointOf(node: ParseNode): string | undefined {
  if (!("TransactionStmt" in node)) return undefined;
  const { kind, savepoint_name: name } = node.TransactionStmt;
  return kind === "TRANS_STMT_SAVEPOINT" ? name : undefined;
}

/** What is set for the session, after a statement. */
function afterSetting(
  before: ReadonlyMap<string, string>,
  { node, sql }: Statement,
): ReadonlyMap<string, string> {
  if (!("VariableSetStmt" in node)) return before;
  const { kind, name = "", is_local: isLocal } = node.VariableSetStmt;
  if (isLocal === true || clientSettings.has(name.toLowerCase())) return before;
  if (kind === "VAR_RESET_ALL") return new Map();
  const after = new Map(before);
  after.delete(name);
  if (kind === "VAR_SET_VALUE" || kind === "VAR_SET_MULTI") after.set(name, sql);
  return after;
}
