import type { WayOut } from "./finding.ts";
import { outsideTransaction } from "./fix-steps.ts";
import type { StatementInput } from "./rule.ts";

/**
 * CONCURRENTLY in CREATE INDEX, DROP INDEX, REINDEX and REFRESH, where the grammar has it
 * (gram.y); undefined for other statements and for forms that Postgres refuses.
 */
export function concurrently(input: StatementInput, text: string): WayOut | undefined {
  const after = placeOf(input);
  const token = after === undefined ? undefined : input.text.tokens[after];
  if (token === undefined) return undefined;
  const { statement, session, transaction, file, text: source } = input;
  const edit = { file, start: token.end, end: token.end, text: " CONCURRENTLY" };
  const at = token.end - statement.start;
  const code = `${source.sql.slice(0, at)} CONCURRENTLY${source.sql.slice(at)};`;
  // A refresh may run in a transaction; the others are refused there, but for a runner that cuts them out.
  const fits =
    !session.inTransaction || transaction === "units" || statement.kind === "RefreshMatViewStmt";
  return fits
    ? { text, code, edits: [edit] }
    : { text: `${text} ${outsideTransaction(input)}`, code };
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
