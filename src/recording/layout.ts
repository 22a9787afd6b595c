import type { Committed } from "./committed.ts";
import { namesIn } from "./overhead.ts";

/** A piece of text that is to stand on a line. */
interface Placed {
  readonly line: number;
  readonly text: string;
}

/**
 * The text of what a program sent, with each statement on the line of the program that it seems to come from: where its own
 * text stands, else where the name of what it changes does, else where the one before it was. So a line of the recorded SQL
 * is a line of the program's file. Comments `lockstep: …` of the program are carried over, to speak to the rules.
 *
 * @param isMixed some statements were sent in transactions of the migration's own: these are written down
 */
export function layOut(
  program: string,
  statements: readonly Committed[],
  isMixed: boolean,
): string {
  const lines = program.split("\n");
  const { from, to } = wayForth(lines);
  const placed: Placed[] = commentsIn(lines);
  const first = statements[0];
  let at: Place = { line: from, call: from, table: undefined };
  let { line } = at;
  for (const sql of first?.settings ?? []) placed.push({ line, text: closed(sql) });
  for (const [index, piece] of statements.entries()) {
    at = placeOf(piece, lines, at, to);
    line = at.line;
    const { transaction, begin = "BEGIN" } = piece;
    const opens = isMixed && transaction !== undefined;
    if (opens && statements[index - 1]?.transaction !== transaction)
      placed.push({ line, text: closed(begin) });
    placed.push({ line, text: closed(piece.statement.sql) });
    if (opens && statements[index + 1]?.transaction !== transaction)
      placed.push({ line, text: "COMMIT;" });
  }
  return written(placed.toSorted((a, b) => a.line - b.line));
}

function closed(sql: string): string {
  // A comment at the end would swallow the semicolon.
  return /--[^\n]*$/.test(sql) ? `${sql}\n;` : `${sql};`;
}

function written(placed: readonly Placed[]): string {
  let text = "";
  let at = 1;
  for (const { line, text: own } of placed) {
    const missing = line - at;
    if (missing > 0) text += "\n".repeat(missing);
    else if (text !== "" && !text.endsWith("\n")) text += " ";
    text += own;
    at = Math.max(at, line) + own.split("\n").length - 1;
  }
  return text;
}

/** Comments to the rules; each ends its line. */
function commentsIn(lines: readonly string[]): Placed[] {
  return lines.flatMap((text, index) => {
    const said = /(?:\/\/|#|\/?\*|--)\s*(lockstep:\s*ignore.*?)\s*(?:\*\/)?$/.exec(text)?.[1];
    return said === undefined ? [] : [{ line: index + 1, text: `-- ${said}\n` }];
  });
}

/** The lines between which the way forth stands, from 1. */
function wayForth(lines: readonly string[]): { readonly from: number; readonly to: number } {
  const at = (name: RegExp) => lines.findIndex((line) => name.test(line)) + 1;
  const up = at(/\b(?:up|change|upgrade|forwards?|operations)\b\s*(?:[(=:]|$)/);
  const down = at(/\b(?:down|downgrade|backwards?)\b\s*[(=:]/);
  return { from: Math.max(up, 1), to: down > up ? down - 1 : lines.length };
}

/** Where a statement seems to come from. */
interface Place {
  readonly line: number;
  /** Where the call begins that it is part of: one call of a builder makes several statements. */
  readonly call: number;
  /** What that call changes; undefined for rows, of which each call makes one statement. */
  readonly table: string | undefined;
}

function placeOf(
  { statement }: Committed,
  lines: readonly string[],
  before: Place,
  to: number,
): Place {
  const find = (wanted: (line: string) => boolean, after: number) => {
    for (let at = after; at <= to; at++) if (wanted(lines[at - 1]!)) return at;
    return undefined;
  };
  const head = statement.sql.split("\n", 1)[0]!.trim().slice(0, 80);
  const own = find((line) => line.includes(head), before.line);
  if (own !== undefined) return { line: own, call: own, table: undefined };
  const { table, columns } = changedNames(statement.node);
  if (table === undefined) return before;
  const literal = (name: string) => (line: string) =>
    [`'${name}'`, `"${name}"`, `\`${name}\``, `:${name}`].some((form) => line.includes(form));
  const isRows = /^(?:Insert|Update|Delete|Merge)Stmt$/.test(statement.kind);
  const isSameCall = !isRows && before.table === table;
  const next = isRows || before.table !== undefined ? before.line + 1 : before.line;
  const call = isSameCall
    ? before.call
    : (find(literal(table), next) ?? find(literal(table), before.line) ?? before.line);
  const inside = columns.map((name) => find(literal(name), call)).filter((at) => at !== undefined);
  const line = Math.max(before.line, inside.length > 0 ? Math.min(...inside) : call);
  return { line, call, table: isRows ? undefined : table };
}

/** The table that a statement changes, and the columns and constraints that it names. */
function changedNames(node: Committed["statement"]["node"]): {
  readonly table: string | undefined;
  readonly columns: readonly string[];
} {
  const columns: (string | undefined)[] = [];
  if ("AlterTableStmt" in node)
    for (const command of node.AlterTableStmt.cmds ?? []) {
      if (!("AlterTableCmd" in command)) continue;
      const { name, def } = command.AlterTableCmd;
      columns.push(
        name,
        def !== undefined && "ColumnDef" in def ? def.ColumnDef.colname : undefined,
      );
    }
  if ("RenameStmt" in node) columns.push(node.RenameStmt.subname);
  return {
    table: namesIn(node).tables[0]?.name,
    columns: columns.filter((name) => name !== undefined && name !== "") as string[],
  };
}
