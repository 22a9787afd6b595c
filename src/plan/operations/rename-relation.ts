import { qualifiedName, type Catalog } from "../../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { named, sqlName } from "../lookup.ts";
import { firstMention } from "../mentions.ts";
import { transaction, type PlannedOperation, type Step, type TableName } from "../model.ts";
import { staleRoutineNotes } from "../stale-routines.ts";
import { tableNameNotes } from "../trigger-notes.ts";
import { viewNote, viewStatements, type ViewOver } from "../online/view.ts";
import type { NaiveStatement, OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `ALTER TABLE | VIEW | MATERIALIZED VIEW … RENAME TO`. The old release keeps what it has; the new one gets a view of
 * that name, which Postgres writes through (manual, CREATE VIEW, Updatable Views). When the old release is gone, the
 * view goes and the relation gets its name: a change of the catalog only.
 */
export function renameRelation(input: OperationInput): Recognised | Refusal | undefined {
  const { statement, before, start, goal, following, searchPath, existed, major } = input;
  if (!("RenameStmt" in statement.node)) return undefined;
  const { renameType = "", relation, newname = "" } = statement.node.RenameStmt;
  if (relation === undefined || !renamed.has(renameType)) return undefined;
  const found = relationIn(before, relation, searchPath);
  if (found === undefined) return undefined;
  const name = sqlName(found);
  if (found.isTable && !existed(found)) return { title: `rename ${name}`, refused: ofItsOwn(name) };
  const view = quoteQualified(found.schema, newname);
  const title = `rename ${name} to ${quoteIdent(newname)}`;
  const taken = following.slice(0, constraintsOf(following, newname));
  const why = obstacle({
    found,
    start,
    before,
    major,
    rest: following.slice(taken.length),
    newname,
  });
  if (why !== undefined) return { title, refused: { why, instead: instead(name) } };
  const planned: PlannedOperation = {
    expand: [viewStep(found, view, major)],
    end: [`DROP VIEW ${view}`, statement.sql, ...taken.map((one) => one.statement.sql)],
    notes: [
      viewNote(view, major),
      ...tableNameNotes(before, found, newname),
      ...staleRoutineNotes(goal, found.name, name),
    ],
    exemptions: [{ kind: "no-copy", relation: qualifiedName(found.schema, newname) }],
  };
  return { title, planned, takes: taken.length };
}

/** Steps that make a table are done again after a crash, and would not find it under its first name. */
function ofItsOwn(name: string): Refusal["refused"] {
  return {
    why: `the migration makes ${name} itself, and gives it another name later: a plan that goes on after a crash would make it once more`,
    instead: ["CREATE TABLE with the last name"],
  };
}

const renamed: ReadonlySet<string> = new Set(["OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW"]);

interface Found extends TableName {
  readonly isTable: boolean;
  readonly defaults: ViewOver["defaults"];
  readonly rowSecurity: boolean;
}

function relationIn(
  { tables, views, materializedViews }: Catalog,
  name: Parameters<typeof named>[1],
  searchPath: readonly string[],
): Found | undefined {
  const table = named(tables, name, searchPath);
  if (table !== undefined) {
    const { schema, rowSecurity } = table;
    return { schema, name: table.name, isTable: true, defaults: table.columns, rowSecurity };
  }
  const view = named(views, name, searchPath) ?? named(materializedViews, name, searchPath);
  if (view === undefined) return undefined;
  const { schema } = view;
  return { schema, name: view.name, isTable: false, defaults: [], rowSecurity: false };
}

/** Statements right behind it that rename constraints of the renamed table: they follow it to the contract phase. */
function constraintsOf(following: readonly NaiveStatement[], newname: string): number {
  const other = following.findIndex(({ statement: { node } }) => {
    if (!("RenameStmt" in node)) return true;
    const { renameType, relation } = node.RenameStmt;
    return renameType !== "OBJECT_TABCONSTRAINT" || relation?.relname !== newname;
  });
  return other < 0 ? following.length : other;
}

interface Circumstances {
  readonly found: Found;
  readonly start: Catalog;
  readonly before: Catalog;
  readonly major: number;
  readonly rest: readonly NaiveStatement[];
  readonly newname: string;
}

function obstacle({
  found,
  start,
  before,
  major,
  rest,
  newname,
}: Circumstances): string | undefined {
  const key = qualifiedName(found.schema, found.name);
  if (found.isTable && JSON.stringify(start.tables[key]) !== JSON.stringify(before.tables[key]))
    return `the same migration changes ${sqlName(found)} before it is renamed, which the new release's view would have to follow`;
  const mention = firstMention(rest, newname);
  if (mention !== undefined)
    return `a later statement of the same migration (line ${mention.line}) names ${quoteIdent(newname)}, which is a view until the contract phase`;
  if (found.rowSecurity && major < 15)
    return `${sqlName(found)} has row security, which a view of Postgres ${major} goes around`;
  return undefined;
}

function viewStep(found: Found, view: string, major: number): Step {
  const table = sqlName(found);
  const { defaults } = found;
  return transaction(
    `a view for the new name, ${view}`,
    viewStatements({ view, table, query: `SELECT * FROM ${table}`, defaults, major }),
    [`DROP VIEW IF EXISTS ${view}`],
  );
}

function instead(name: string): readonly string[] {
  return [
    `rename ${name} in a migration of its own`,
    "keep the table's name in the database and map the new one to it in the code (@@map, db_table, tableName)",
  ];
}
