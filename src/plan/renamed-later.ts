import { loadedParser, quoteIdent } from "../sql/index.ts";
import type { PlannedOperation } from "./model.ts";
import type { NaiveStatement } from "./operations/operation.ts";

/**
 * Steps of the contract phase come behind the migration's renames, wherever it has them.
 *
 * @returns what an operation's steps of that phase call by a name that a later statement takes from it
 */
export function renamedLater(
  { narrow = [] }: PlannedOperation,
  following: readonly NaiveStatement[],
): { readonly from: string; readonly to: string } | undefined {
  if (narrow.length === 0) return undefined;
  for (const { statement } of following) {
    const names = renameOf(statement.node);
    if (names === undefined) continue;
    const isNamed = narrow.some((step) =>
      (step.kind === "transaction" ? step.statements : []).some((sql) => {
        const words = wordsOf(sql);
        return words.has(names.from) && words.has(names.table);
      }),
    );
    if (isNamed) return names;
  }
  return undefined;
}

/** Of a column; a table's new name bears no change before it (rename-relation.ts). */
function renameOf(node: NaiveStatement["statement"]["node"]) {
  if (!("RenameStmt" in node) || node.RenameStmt.renameType !== "OBJECT_COLUMN") return undefined;
  const { relation, subname = "", newname = "" } = node.RenameStmt;
  const table = quoteIdent(relation?.relname ?? "");
  return { table, from: quoteIdent(subname), to: quoteIdent(newname) };
}

/** Names in a statement, as `quoteIdent` writes them. */
function wordsOf(sql: string): ReadonlySet<string> {
  const { tokens } = loadedParser().scanSync(sql);
  return new Set(
    tokens.map(({ text }) =>
      text.startsWith('"') ? quoteIdent(text.slice(1, -1).replaceAll('""', '"')) : quoteIdent(text),
    ),
  );
}
