import { inPasses } from "../effects/index.ts";
import { loadedParser, parseLoaded, type ParseNode, type Statement } from "../sql/index.ts";
import { besideSuccessors } from "./beside-successors.ts";
import { unwrapDo, type PlannedStatement } from "./unwrap.ts";

/**
 * Cuts each `ALTER TABLE` of several changes into one statement a change, so that each can take its own way. Where the
 * cuts cannot be told for certain the statement stays whole. They come in the order in which Postgres goes through them,
 * which is not that of the text: what drops something stands before what makes it anew.
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
  const ordered = inPasses(parts, (part) => changeIn(part)!);
  // A part has the place of the whole statement: what is in front of it belongs to the first.
  return ordered.map((part, n) => ({
    ...part,
    ...(statement.optional === true ? { optional: true } : {}),
    start: n === 0 ? statement.start : statement.end,
    end: statement.end,
    line: statement.line,
  }));
}

type Change = Extract<ParseNode, { AlterTableCmd: unknown }>["AlterTableCmd"];

/** The one change of an `ALTER TABLE`. */
function changeIn({ node }: Statement): Change | undefined {
  if (!("AlterTableStmt" in node)) return undefined;
  const [own, ...more] = node.AlterTableStmt.cmds ?? [];
  return own !== undefined && "AlterTableCmd" in own && more.length === 0
    ? own.AlterTableCmd
    : undefined;
}

function sameKind(part: Statement, cmd: ParseNode | undefined): boolean {
  const own = changeIn(part);
  return (
    own !== undefined &&
    cmd !== undefined &&
    "AlterTableCmd" in cmd &&
    own.subtype === cmd.AlterTableCmd.subtype &&
    own.name === cmd.AlterTableCmd.name
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
