import { qualifiedName, type Catalog, type Table } from "../../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { carriedConstraints } from "../carry/constraints.ts";
import { carriedIndexes, twinnedIndexes } from "../carry/indexes.ts";
import { carriedPrivileges } from "../carry/privileges.ts";
import { copyNote } from "../copy-note.ts";
import { dualWriteObstacle } from "../dual-write-obstacle.ts";
import { standInType } from "../domains.ts";
import { fillNotes } from "../fill-notes.ts";
import { treeOf } from "../fillable.ts";
import { columnIn, isRequired, sqlName, tableIn } from "../lookup.ts";
import { transaction, type PlannedOperation } from "../model.ts";
import { wholeRowNotes } from "../trigger-notes.ts";
import { twinUnique } from "../twin-unique.ts";
import type { NaiveStatement, OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `ALTER TABLE … RENAME COLUMN`. The new name is a second column for as long as both releases run. In the end the
 * second column goes and the first gets the name: both changes are of the catalog only, and all that hangs on the
 * first column (indexes, constraints, views, sequences, privileges, its place among the columns) stays as it is.
 */
export async function renameColumn({
  statement: { node },
  before,
  after,
  start,
  goal,
  existed,
  preceding,
  plan,
  major,
}: OperationInput): Promise<Recognised | Refusal | undefined> {
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
  const divided = treeOf(before, table).find(
    (part) => part.partitionKey !== tableIn(after, part)?.partitionKey,
  );
  if (divided !== undefined)
    return {
      title,
      refused: {
        why: `${sqlName(divided)} is partitioned by ${quoteIdent(subname)}: Postgres looks for a row's partition before triggers could copy the value from the other name`,
        instead: [
          "a view with the new name for the releases to come, instead of another name in the table",
          "in a maintenance window, as it is",
        ],
      },
    };
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
  const earlier = earlierName(preceding, table, subname);
  if (earlier !== undefined)
    return {
      title,
      refused: {
        why: `${quoteIdent(subname)} is a name that this migration gives and takes again: no release knows it, and both releases would be kept in step by way of it`,
        instead: [
          `once, in place of both: ALTER TABLE ${name} RENAME COLUMN ${quoteIdent(earlier)} TO ${made}`,
        ],
      },
    };
  const type = column.type.text;
  const standIn = standInType(before, column.type);
  if (standIn === undefined)
    return {
      title,
      refused: {
        why: `a second column of the domain ${type} is added by writing the whole table again while nobody can read it, and one of another type neither refuses NULL nor gives the domain's default`,
        instead: [
          "a column of the domain's base type with a default and a NOT NULL of its own, in a migration before this one",
          "in a maintenance window, as it is",
        ],
      },
    };
  const collation = column.collation === null ? "" : ` COLLATE ${column.collation}`;
  const { nullable } = column;
  // What the old release leaves out has its default until the contract phase, whatever the migration does to it.
  const had = (first && columnIn(first, subname)) ?? column;
  const planned: PlannedOperation = {
    expand: [
      transaction(
        `a second column for the new name, ${made}`,
        [
          `ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${made} ${standIn.text}${collation}`,
          ...carriedPrivileges(before, table, subname, newname),
        ],
        [`ALTER TABLE ${name} DROP COLUMN IF EXISTS ${made}`],
      ),
    ],
    mappings: [
      {
        table,
        mapping: {
          old: [{ name: subname, type, from: made, nullable, required: isRequired(had) }],
          new: [
            {
              name: newname,
              type: standIn.text,
              from: quoteIdent(subname),
              nullable,
              required: !nullable,
            },
          ],
        },
      },
    ],
    settle: [
      ...carriedIndexes(table, afterwards, after, plan),
      ...carriedConstraints({
        before,
        after,
        table,
        afterwards,
        column: { ...column, name: newname },
        plan,
        major,
      }),
    ],
    end: [
      `ALTER TABLE ${name} DROP COLUMN ${made}`,
      `ALTER TABLE ${name} RENAME COLUMN ${quoteIdent(subname)} TO ${made}`,
    ],
  };
  const other = standIn === column.type ? {} : otherType(table, newname, type, standIn.text);
  const { twins, notes: twinNotes } = await twinUnique(
    { start, goal, table },
    twinnedIndexes(table, afterwards).map((index) => index.name),
  );
  const notes = [
    ...fillNotes(before, table),
    ...wholeRowNotes(before, table),
    ...(other.notes ?? []),
    ...twinNotes,
    ...(nullable || had.default === null
      ? []
      : [
          `until the contract phase an INSERT of the new release that gives NULL for ${made} stores its default: the one cannot be told from the other`,
        ]),
    copyNote(table),
    `SELECT * of ${name}, prepared by name before the expand phase or before the contract phase, fails from then on until it is prepared again ("cached plan must not change result type"): the releases name their columns, or their drivers prepare again by themselves`,
  ];
  return { title, planned: { ...planned, ...other, twins, notes } };
}

/** A domain's checks are those of the first column, to which each value is copied. */
function otherType(
  table: Table,
  column: string,
  type: string,
  standIn: string,
): Pick<PlannedOperation, "notes" | "exemptions"> {
  const relation = qualifiedName(table.schema, table.name);
  return {
    notes: [
      `${quoteIdent(column)} of ${sqlName(table)} is ${standIn} until the contract phase: a column of the domain ${type} is added by writing the whole table again; what the domain refuses is refused all the same, and statements that were prepared by name before the contract phase fail from then on until they are prepared again ("cached plan must not change result type")`,
    ],
    exemptions: [
      { kind: "other-type", relation, column },
      { kind: "prepared-statements", relation },
    ],
  };
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

/** What a column was called that an earlier statement of the migration has given its name. */
function earlierName(
  preceding: readonly NaiveStatement[],
  table: Table,
  column: string,
): string | undefined {
  for (const { statement } of preceding) {
    if (!("RenameStmt" in statement.node)) continue;
    const { renameType, relation, subname, newname } = statement.node.RenameStmt;
    const isOfColumn = renameType === "OBJECT_COLUMN" && relation?.relname === table.name;
    if (isOfColumn && newname === column) return subname;
  }
  return undefined;
}

function has({ columns }: Table, column: string): boolean {
  return columns.some(({ name }) => name === column);
}
