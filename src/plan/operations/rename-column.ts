import type { Catalog, Table } from "../../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { carriedConstraints } from "../carry/constraints.ts";
import { carriedIndexes } from "../carry/indexes.ts";
import { dualWriteObstacle } from "../dual-write-obstacle.ts";
import { isRequired, tableIn } from "../lookup.ts";
import { transaction, type PlannedOperation } from "../model.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `ALTER TABLE … RENAME COLUMN`. The new name is a second column for as long as both releases run. In the end the
 * second column goes and the first gets the name: both changes are of the catalog only, and all that hangs on the
 * first column (indexes, constraints, views, sequences, privileges, its place among the columns) stays as it is.
 */
export function renameColumn({
  statement: { node },
  before,
  after,
  start,
  existed,
  plan,
}: OperationInput): Recognised | Refusal | undefined {
  if (!("RenameStmt" in node)) return undefined;
  const { renameType, relationType, relation, subname = "", newname = "" } = node.RenameStmt;
  if (renameType !== "OBJECT_COLUMN" || relationType !== "OBJECT_TABLE") return undefined;
  const { table, afterwards } = changedTable(before, after, relation?.relname ?? "", newname);
  if (!existed(table)) return undefined;
  const column = table.columns.find(({ name }) => name === subname)!;
  const name = quoteQualified(table.schema, table.name);
  const made = quoteIdent(newname);
  const title = `rename ${name}.${quoteIdent(subname)} to ${made}`;
  const obstacle = dualWriteObstacle(start, table, [subname]);
  if (obstacle !== undefined) return { title, refused: obstacle };
  const first = tableIn(start, table);
  if (first !== undefined && has(first, newname))
    return {
      title,
      refused: {
        why: `the old release has a column ${made} of its own until the contract phase, and the new one means another by that name`,
        instead: [
          `where its values are the same in another type: ALTER TABLE ${name} ALTER COLUMN ${made} TYPE …, in one statement`,
          "a name that no release has yet; the old column is dropped in this migration, the name given back in a later one",
        ],
      },
    };
  const type = column.type.text;
  const collation = column.collation === null ? "" : ` COLLATE ${column.collation}`;
  const { nullable } = column;
  const planned: PlannedOperation = {
    expand: [
      transaction(
        `a second column for the new name, ${made}`,
        [`ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${made} ${type}${collation}`],
        [`ALTER TABLE ${name} DROP COLUMN IF EXISTS ${made}`],
      ),
    ],
    mappings: [
      {
        table,
        mapping: {
          old: [{ name: subname, type, from: made, nullable, required: isRequired(column) }],
          new: [{ name: newname, type, from: quoteIdent(subname), nullable, required: !nullable }],
        },
      },
    ],
    settle: [
      ...carriedIndexes(table, afterwards, plan),
      ...carriedConstraints(table, afterwards, { ...column, name: newname }, plan),
    ],
    end: [
      `ALTER TABLE ${name} DROP COLUMN ${made}`,
      `ALTER TABLE ${name} RENAME COLUMN ${quoteIdent(subname)} TO ${made}`,
    ],
  };
  return { title, planned };
}

/** The table that has got a column of this name, as it was and as it is. */
function changedTable(before: Catalog, after: Catalog, name: string, column: string) {
  for (const [key, afterwards] of Object.entries(after.tables)) {
    const table = before.tables[key];
    if (table?.name === name && !has(table, column) && has(afterwards, column))
      return { table, afterwards };
  }
  throw new Error(`no table ${name} has got a column ${column}`);
}

function has({ columns }: Table, column: string): boolean {
  return columns.some(({ name }) => name === column);
}
