import type { WayOut } from "./finding.ts";
import { outsideTransaction } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";

/**
 * CONCURRENTLY in CREATE INDEX, DROP INDEX, REINDEX and REFRESH, where the grammar has it
 * (gram.y); undefined for other statements and for forms that Postgres refuses.
 */
export function concurrently(input: StatementInput, why: string): WayOut | undefined {
  const after = placeOf(input);
  const token = after === undefined ? undefined : input.text.tokens[after];
  if (token === undefined) return undefined;
  const { statement, session, transaction, file, text: source } = input;
  const skipped = behindIfNotExists(input, after! + 1);
  const end = skipped ?? token.end;
  const text =
    skipped === undefined
      ? why
      : `${why} Without IF NOT EXISTS a retry fails on what a failed build left, instead of keeping it.`;
  const edit = { file, start: token.end, end, text: " CONCURRENTLY" };
  const [before, behind] = [token.end - statement.start, end - statement.start];
  const code = `${source.sql.slice(0, before)} CONCURRENTLY${source.sql.slice(behind)};`;
  // A refresh may run in a transaction; the others are refused there, but for a runner that cuts them out.
  const fits =
    !session.inTransaction || transaction === "units" || statement.kind === "RefreshMatViewStmt";
  return fits
    ? { text, code, edits: [edit] }
    : { text: `${text} ${outsideTransaction(input)}`, code };
}

/**
 * Where IF NOT EXISTS of CREATE INDEX ends: a build that fails leaves an invalid index behind, which a retry with these words
 * would keep.
 */
function behindIfNotExists(
  { statement: { node }, text }: StatementInput,
  at: number,
): number | undefined {
  if (!("IndexStmt" in node) || node.IndexStmt.if_not_exists !== true) return undefined;
  return text.tokens[at + 2]?.end;
}

/** Index of the token that CONCURRENTLY stands behind. */
function placeOf({ statement: { node }, text }: StatementInput): number | undefined {
  if ("IndexStmt" in node) return text.find("INDEX");
  if ("RefreshMatViewStmt" in node) return text.find("VIEW");
  if ("ReindexStmt" in node) {
    const word = reindexed[node.ReindexStmt.kind ?? ""];
    return word === undefined ? undefined : text.find(word);
  }
  // One index at a time, and no CASCADE (RemoveRelations in tablecmds.c).
  if ("DropStmt" in node)
    return node.DropStmt.objects?.length === 1 && node.DropStmt.behavior !== "DROP_CASCADE"
      ? text.find("INDEX")
      : undefined;
  return undefined;
}

/** What REINDEX names; system catalogs cannot be built again concurrently. */
const reindexed: Readonly<Record<string, string>> = {
  REINDEX_OBJECT_INDEX: "INDEX",
  REINDEX_OBJECT_TABLE: "TABLE",
  REINDEX_OBJECT_SCHEMA: "SCHEMA",
  REINDEX_OBJECT_DATABASE: "DATABASE",
};
