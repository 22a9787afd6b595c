import { LockstepError } from "../errors/index.ts";
import { parseSql } from "../sql/index.ts";

const breakpoint = "--> statement-breakpoint";

/**
 * A Drizzle file as plain SQL. Drizzle cuts it at every `--> statement-breakpoint`; to Postgres' grammar that is a
 * comment up to the end of its line. Both mean the same when a semicolon stands before the mark and nothing behind it,
 * as Drizzle Kit writes it; then the text is given back as it is. Files edited by hand may rely on the cut: there each
 * mark becomes a semicolon, at the same offsets, and it is checked that no statement was won or lost by that.
 *
 * @throws LockstepError `sql-syntax` for a piece that is not SQL, `migration-unsupported` when the cut cannot be kept
 */
export async function withoutBreakpoints(sql: string, file: string): Promise<string> {
  if (!reliesOnCut(sql)) return sql;
  const plain = sql.replaceAll(breakpoint, `;${" ".repeat(breakpoint.length - 1)}`);
  let expected = 0;
  let line = 1;
  for (const piece of sql.split(breakpoint)) {
    expected += (await parseSql(piece, file, line)).length;
    line += piece.split("\n").length - 1;
  }
  const found = (await parseSql(plain, file)).length;
  if (found === expected) return plain;
  throw new LockstepError("migration-unsupported", {
    what: `${file} cannot be read as Drizzle reads it`,
    expected: `${expected} statements, cut at \`${breakpoint}\``,
    found: `${found} when read as SQL`,
    from: file,
    why: "a breakpoint stands inside a comment or a text, so Drizzle runs something that reads as a comment",
    next: [`put each \`${breakpoint}\` on a line of its own`],
  });
}

function reliesOnCut(sql: string): boolean {
  for (let at = sql.indexOf(breakpoint); at !== -1; at = sql.indexOf(breakpoint, at + 1)) {
    let before = at - 1;
    while (before >= 0 && isBlank(sql[before]!)) before--;
    const closed = before < 0 || sql[before] === ";" || sql.endsWith(breakpoint, before + 1);
    const after = at + breakpoint.length;
    const feed = sql.indexOf("\n", after);
    const isLast = sql.slice(after, feed === -1 ? undefined : feed).trim() === "";
    if (!closed || !isLast) return true;
  }
  return false;
}

function isBlank(character: string): boolean {
  return character === " " || character === "\n" || character === "\r" || character === "\t";
}
