import { diff } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { sqlName, tableChange } from "../lookup.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `ALTER COLUMN … TYPE` with the type that the column has: nothing is left to do. As it is written Postgres would make
 * the column's checks and keys anew, and read the table for them while nobody else can (ATPostAlterTypeCleanup).
 */
export async function sameType({
  statement: { node },
  before,
  after,
  searchPath,
}: OperationInput): Promise<Recognised | undefined> {
  const change = tableChange(node, before, searchPath);
  if (change?.command.subtype !== "AT_AlterColumnType") return undefined;
  const { def, name = "" } = change.command;
  const isComputed =
    def === undefined || !("ColumnDef" in def) || def.ColumnDef.raw_default !== undefined;
  if (isComputed || (await diff(before, after)).length > 0) return undefined;
  const column = `${sqlName(change.table)}.${quoteIdent(name)}`;
  return {
    title: `the type that ${column} has`,
    planned: { notes: [`${column} has this type already: nothing is done`] },
  };
}
