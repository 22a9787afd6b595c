import { findRelation, searchPathOf } from "../effects/index.ts";
import { StatementSource } from "./fix-source.ts";
import type { CheckedStatement, FileInput, Rule } from "./rule.ts";

/** Longest name in bytes (NAMEDATALEN - 1, pg_config_manual.h). */
const longest = 63;

/** Names that Postgres cuts, and those that are then the same as another. */
export const identifierTooLong: Rule = {
  id: "identifier-too-long",
  title: "Uses a name that Postgres cuts",
  severity: "warning",
  kind: "hazard",
  *file(input) {
    const seen = new Map<string, string>();
    for (const at of input.statements) {
      if (notDefining.has(at.statement.kind)) continue;
      for (const name of longNames(input, at)) {
        const cut = cutName(name);
        const other = seen.get(cut) ?? existingName(input, at, cut);
        if (other === name) continue;
        seen.set(cut, name);
        const bytes = Buffer.byteLength(name);
        const clash = other === undefined ? undefined : `: the same as ${other}`;
        yield {
          at,
          severity: clash === undefined ? "warning" : "error",
          message: `${name} has ${bytes} bytes and is cut to ${cut}${clash ?? ""}`,
          why:
            clash === undefined
              ? "Postgres cuts names at 63 bytes with a NOTICE only; whatever compares the catalog with the name as written (an ORM, a drift check, an error handler that looks for a constraint) finds a difference for ever"
              : "two names that are equal in their first 63 bytes are one: without IF NOT EXISTS the statement fails with 42P07, with it nothing is made and a NOTICE is all that is said (measured on 14 and 18)",
          wayOut: { text: `Choose a name of at most ${longest} bytes.` },
        };
      }
    }
  },
};

const notDefining = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "DropStmt",
  "DoStmt",
  "CallStmt",
  "CopyStmt",
]);

function longNames(input: FileInput, at: CheckedStatement): readonly string[] {
  if (!mayBeLong(at.statement.sql)) return [];
  const { tokens } = new StatementSource(input.text, at.statement);
  return tokens.flatMap(({ text }) => {
    const name = identifier(text);
    return name !== undefined && Buffer.byteLength(name) > longest ? [name] : [];
  });
}

/** False when no word and nothing in quotes is long enough; the scanner is asked only about the rest. */
function mayBeLong(sql: string): boolean {
  // Beyond ASCII a character is up to four bytes.
  const ascii = Buffer.byteLength(sql) === sql.length;
  return ascii ? /[\w$]{64}|"[^"]{64}/.test(sql) : sql.length > longest / 4;
}

/** The name that a token is, folded as the scanner does; undefined for strings, numbers and signs. */
function identifier(token: string): string | undefined {
  if (token.startsWith('"')) return token.slice(1, -1).replaceAll('""', '"');
  return /^[\p{L}_]/u.test(token) && !token.includes("'") ? token.toLowerCase() : undefined;
}

/** Cut between characters, as truncate_identifier does (scansup.c, pg_mbcliplen). */
function cutName(name: string): string {
  return Buffer.from(name, "utf8")
    .toString("utf8", 0, longest)
    .replace(/\uFFFD+$/, "");
}

/** A relation that has this name already, before the file. */
function existingName(input: FileInput, at: CheckedStatement, cut: string): string | undefined {
  const found = findRelation(input.before, { name: cut }, searchPathOf(at.session));
  return found === undefined ? undefined : `the ${found.kind} ${cut}`;
}
