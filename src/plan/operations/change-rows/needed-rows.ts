import { named } from "../../lookup.ts";
import { firstMention } from "../../mentions.ts";
import type { TableName } from "../../model.ts";
import type { NaiveStatement, OperationInput } from "../operation.ts";

/**
 * The first statement of the same migration that the changed rows have to fit: a constraint or a unique index. What is
 * to be done to the rows cannot be left until the migration is done.
 *
 * @param columns that the rows get other values in; undefined where rows go
 * @returns its line
 */
export function lineThatNeedsRows(
  { following, searchPath }: OperationInput,
  table: TableName,
  columns: ReadonlySet<string> | undefined,
): number | undefined {
  const needing = following.filter((one) => demandsOf(one, table, searchPath));
  const found = needing.find(
    (one) =>
      columns === undefined || [...columns].some((name) => firstMention([one], name) !== undefined),
  );
  return found?.statement.line;
}

/** How what is done to rows is parted from what needs them, for people. */
export function betweenMigrations(line: number, batches: string): string {
  return `two migrations, and the rows between them: what stands before this statement, with which the application has to write rows that fit; ${batches}; then what needs the rows, from line ${line} on`;
}

function demandsOf(
  { statement: { node }, before }: NaiveStatement,
  { schema, name }: TableName,
  searchPath: readonly string[],
): boolean {
  const isOwn = (relation: Parameters<typeof named>[1] | undefined) => {
    const found = relation && named(before.tables, relation, searchPath);
    return found?.schema === schema && found.name === name;
  };
  if ("IndexStmt" in node) return node.IndexStmt.unique === true && isOwn(node.IndexStmt.relation);
  if (!("AlterTableStmt" in node) || !isOwn(node.AlterTableStmt.relation)) return false;
  return (node.AlterTableStmt.cmds ?? []).some(
    (cmd) => "AlterTableCmd" in cmd && demanding.has(cmd.AlterTableCmd.subtype ?? ""),
  );
}

const demanding: ReadonlySet<string> = new Set([
  "AT_SetNotNull",
  "AT_AddConstraint",
  "AT_ValidateConstraint",
]);
