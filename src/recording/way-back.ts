import { createHash } from "node:crypto";
import { parseSql } from "../sql/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { committedOf, type Committed } from "./committed.ts";
import { isOverhead } from "./overhead.ts";
import { runHeard, type HeardRun } from "./run-on-scratch.ts";
import type { Sent } from "./wire/conversation.ts";

/** What a tool's own way back sent. */
export interface RecordedBack {
  /** Its statements, one or more lines each; without those on the tool's own tables and what only looks at the catalog. */
  readonly sql: string;
  /** Of that, sha256 in hex. */
  readonly checksum: string;
  /** True when all of it was one transaction. */
  readonly isWhole: boolean;
  /** True when what it took from its ledger was in the same one. */
  readonly isNoted: boolean;
  /** What the server refused it, in its words; undefined when nothing. */
  readonly error: string | undefined;
  /** `exit code 0` */
  readonly ended: string;
  readonly tail: readonly string[];
}

/**
 * Runs a tool's own way back on a scratch database that has its migrations and its ledger, and hears what it sends.
 * @throws LockstepError `recording-failed` when it does not come to that database
 */
export async function recordBack(
  { program, ledger }: MigrationFolder,
  request: HeardRun,
): Promise<RecordedBack> {
  const { sent, ran } = await runHeard(request);
  const committed = await committedOf(sent);
  // What a driver sets for its session lasts no longer than that.
  const own = committed.filter(
    ({ statement }) =>
      statement.kind !== "VariableSetStmt" && !isOverhead(statement, program!.ownTables),
  );
  const looked = await readWithoutTrace(sent, committed, program!.ownTables);
  const notes = committed.filter((piece) => isTakenFrom(piece, ledger!.table));
  const isOne = (pieces: readonly Committed[]) => {
    const transactions = new Set(pieces.map(({ transaction }) => transaction));
    return transactions.size === 1 && !transactions.has(undefined);
  };
  const sql = [...looked, ...own.map(({ statement }) => statement.sql)]
    .map((text) => `${text};\n`)
    .join("");
  // What a failed transaction refuses afterwards tells nothing.
  const failed = sent.findLast(({ error }) => error !== undefined && error.sqlstate !== "25P02");
  return {
    sql,
    checksum: createHash("sha256").update(sql).digest("hex"),
    isWhole: isOne(own),
    isNoted: isOne([...own, ...notes]),
    error: failed === undefined ? undefined : `${failed.error!.message}, at: ${failed.sql}`,
    ended: ran.ended,
    tail: ran.tail,
  };
}

/** What was read in a transaction that was rolled back: the program knows it all the same. */
async function readWithoutTrace(
  sent: readonly Sent[],
  committed: readonly Committed[],
  ownTables: readonly string[],
): Promise<readonly string[]> {
  const numbers = new Set(committed.map(({ number }) => number));
  const texts: string[] = [];
  for (const { number, sql, error } of sent) {
    if (error !== undefined || numbers.has(number)) continue;
    const statements = await parseSql(sql, `statement ${number} of the recording`);
    for (const statement of statements)
      if (
        /^(?:Select|DeclareCursor|Copy)Stmt$/.test(statement.kind) &&
        !isOverhead(statement, ownTables)
      )
        texts.push(statement.sql);
  }
  return texts;
}

/** A row that is taken from the tool's ledger. */
function isTakenFrom({ statement: { node } }: Committed, table: string): boolean {
  return "DeleteStmt" in node && node.DeleteStmt.relation?.relname === table;
}
