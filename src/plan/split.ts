import { loadedParser, parseLoaded, type Statement } from "../sql/index.ts";
import { besideSuccessors } from "./beside-successors.ts";
import { unwrapDo, type PlannedStatement } from "./unwrap.ts";

/**
 * Cuts each `ALTER TABLE` of several changes into one statement a change, so that each can take its own way. Where the
 * cuts cannot be told for certain the statement stays whole. What drops a constraint stands before what makes it anew.
 */
export function splitStatements(
  statements: readonly Statement[],
  file: string,
): readonly PlannedStatement[] {
  const parts = statements
    .flatMap((statement) => unwrapDo(statement, file))
    .flatMap((statement) => split(statement, file))
    .map((statement) => ({ ...statement, sql: withoutTail(statement.sql) }));
  return besideSuccessors(parts);
}

/** Without comments behind its last word: what is written behind it would be part of them. */
function withoutTail(sql: string): string {
  const { tokens } = loadedParser().scanSync(sql);
  const last = tokens.findLast(({ tokenName }) => !tokenName.endsWith("_COMMENT"));
  return last === undefined ? sql : Buffer.from(sql, "utf8").toString("utf8", 0, last.end);
}

function split(statement: PlannedStatement, file: string): readonly PlannedStatement[] {
  if (!("AlterTableStmt" in statement.node)) return [statement];
  const { cmds = [] } = statement.node.AlterTableStmt;
  if (cmds.length < 2) return [statement];
  const { sql } = statement;
  const bytes = Buffer.from(sql, "utf8");
  const cuts = commasOf(sql);
  const first = firstChange(sql);
  if (cuts.length !== cmds.length - 1 || first === undefined) return [statement];
  const head = bytes.toString("utf8", 0, first);
  const starts = [first, ...cuts.map((at) => at + 1)];
  const parts = starts.flatMap((start, n) => {
    const body = bytes.toString("utf8", start, cuts[n] ?? bytes.length);
    return parseLoaded(`${head}${body.trim()}`, file, statement.line);
  });
  if (!parts.every((part, n) => sameKind(part, cmds[n]))) return [statement];
  // A part has the place of the whole statement: what is in front of it belongs to the first.
  return parts.map((part, n) => ({
    ...part,
    ...(statement.optional === true ? { optional: true } : {}),
    start: n === 0 ? statement.start : statement.end,
    end: statement.end,
    line: statement.line,
  }));
}

function sameKind({ node }: Statement, cmd: unknown): boolean {
  if (!("AlterTableStmt" in node)) return false;
  const [own, ...more] = node.AlterTableStmt.cmds ?? [];
  const subtype = (one: unknown) =>
    (one as { AlterTableCmd?: { subtype?: string; name?: string } }).AlterTableCmd;
  return (
    more.length === 0 &&
    subtype(own)?.subtype === subtype(cmd)?.subtype &&
    subtype(own)?.name === subtype(cmd)?.name
  );
}

/** Byte offsets of the commas outside parentheses and brackets. */
function commasOf(sql: string): readonly number[] {
  const { tokens } = loadedParser().scanSync(sql);
  const found: number[] = [];
  let depth = 0;
  for (const { text, start } of tokens) {
    if (text === "(" || text === "[") depth++;
    else if (text === ")" || text === "]") depth--;
    else if (text === "," && depth === 0) found.push(start);
  }
  return found;
}

/** Byte offset of the first change: the token behind the table's name. */
function firstChange(sql: string): number | undefined {
  const { tokens } = loadedParser().scanSync(sql);
  const words = tokens.filter(({ tokenName }) => !tokenName.endsWith("_COMMENT"));
  // ALTER TABLE [IF EXISTS] [ONLY] name[.name] [*]
  let at = 2;
  const word = () => words[at]?.text.toLowerCase();
  if (word() === "if") at += 2;
  if (word() === "only") at++;
  const inParentheses = word() === "(";
  if (inParentheses) return undefined;
  at++;
  while (word() === ".") at += 2;
  if (word() === "*") at++;
  return words[at]?.start;
}
