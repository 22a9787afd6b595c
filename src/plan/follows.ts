import type { Catalog } from "../catalog/index.ts";
import { named, sqlName, type WrittenName } from "./lookup.ts";
import { firstMention } from "./mentions.ts";
import type { NaiveStatement, Refusal } from "./operations/operation.ts";
import { statementTitle } from "./wording.ts";

/** What became of a statement; of several that were taken together, the first says what. */
interface Judged {
  readonly kind: "kept" | "operation" | "refused";
  readonly title: string;
  readonly statements: readonly NaiveStatement[];
}

/**
 * Why no operation takes a statement that may have a way by itself: it calls a table or a column as an earlier statement
 * of the same migration renames it, and nothing of the old release is known by that name.
 *
 * @param earlier what became of the statements in front of it
 * @returns undefined when it builds on no rename
 */
export function followsRename(
  own: NaiveStatement,
  earlier: readonly Judged[],
  searchPath: readonly string[],
): Refusal | undefined {
  const rename = earlier.findLast(({ statements: [ran] }) => namesNew(own, ran!, searchPath));
  if (rename === undefined) return undefined;
  const { line } = rename.statements[0]!.statement;
  const ended = rename.kind === "refused" ? "is refused" : "ends in the contract phase only";
  return {
    title: statementTitle(own.statement.sql),
    refused: {
      why: `it follows from line ${line} (${rename.title}), which ${ended}: the old release knows nothing by the new name`,
      instead: [
        `leave line ${line} out, and write this statement with the old name: it is then judged by itself`,
        `this statement in a migration of its own, when line ${line} has been through its contract phase in one before it`,
      ],
    },
  };
}

/** Whether a statement names what a rename made. */
function namesNew(
  { statement, before }: NaiveStatement,
  { statement: earlier, after }: NaiveStatement,
  searchPath: readonly string[],
): boolean {
  if (!("RenameStmt" in earlier.node)) return false;
  const { renameType, relation = {}, newname = "" } = earlier.node.RenameStmt;
  const isColumn = renameType === "OBJECT_COLUMN";
  const made = relationIn(
    after,
    isColumn ? relation : { ...relation, relname: newname },
    searchPath,
  );
  if (made === undefined || (isColumn && firstMention([{ statement }], newname) === undefined))
    return false;
  return namesIn(statement.node).some((name) => relationIn(before, name, searchPath) === made);
}

/** How a relation is called in full. */
function relationIn(
  { tables, views, materializedViews }: Catalog,
  name: WrittenName,
  searchPath: readonly string[],
): string | undefined {
  const found =
    named(tables, name, searchPath) ??
    named(views, name, searchPath) ??
    named(materializedViews, name, searchPath);
  return found && sqlName(found);
}

/** Names of relations in a statement, wherever they stand. */
function namesIn(part: unknown): readonly WrittenName[] {
  if (typeof part !== "object" || part === null) return [];
  const inner = Object.values(part).flatMap(namesIn);
  return "relname" in part ? [part as WrittenName, ...inner] : inner;
}
