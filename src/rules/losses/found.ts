import type { AlterTableCmd, Node } from "@pgsql/types";
import { qualifiedName, type QualifiedName } from "../../sql/index.ts";
import { byId, relationName, type Relation } from "../../effects/index.ts";
import { columnsAdded } from "../added-constraints.ts";
import { isTrue } from "../always-true.ts";
import type { StatementInput } from "../rule.ts";
import { isEmptyBySizes } from "../size-words.ts";
import { partsOf, subjectOf, subjectOfParts } from "../subject.ts";
import { cutByType } from "./cutting.ts";
import { takenAlong } from "./taken-along.ts";

/** Data that a statement throws away. */
export interface Loss {
  readonly kind:
    | "table"
    | "column"
    | "schema"
    | "database"
    | "owned"
    | "rows"
    | "values"
    | "unlogged";
  /** What is lost, by name. */
  readonly object: string;
  /** The table that holds it, for its size. */
  readonly table?: QualifiedName;
  /** What of the values, for `values`. */
  readonly part?: string;
}

/** Tables that the exported sizes show empty lose nothing. */
export function lossesOf(input: StatementInput): readonly Loss[] {
  return found(input).filter(
    ({ table }) => table === undefined || !isEmptyBySizes(input.context, table),
  );
}

function found(input: StatementInput): readonly Loss[] {
  const { node } = input.statement;
  if ("DropStmt" in node) return dropped(input, node.DropStmt);
  if ("AlterTableStmt" in node) return altered(input, node.AlterTableStmt);
  if ("TruncateStmt" in node) return truncated(input, node.TruncateStmt.relations ?? []);
  if ("DropdbStmt" in node)
    return [{ kind: "database", object: `database ${node.DropdbStmt.dbname ?? ""}` }];
  if ("DropOwnedStmt" in node) return [{ kind: "owned", object: "everything that the roles own" }];
  if (!("DeleteStmt" in node) || !isTrue(node.DeleteStmt.whereClause)) return [];
  const { relation, usingClause } = node.DeleteStmt;
  const table = subjectOf(input, relation!);
  return table.existed && usingClause === undefined
    ? [{ kind: "rows", object: table.name, table: table.name }]
    : [];
}

function dropped(
  input: StatementInput,
  {
    removeType,
    objects = [],
    behavior,
  }: { removeType?: string; objects?: Node[]; behavior?: string },
): readonly Loss[] {
  if (removeType === "OBJECT_TABLE")
    return objects.flatMap((object) => {
      const { existed, name, relation } = subjectOfParts(input, partsOf(object));
      return existed && relation?.kind !== "view"
        ? [{ kind: "table" as const, object: name, table: name }]
        : [];
    });
  if (removeType === "OBJECT_SCHEMA" && behavior === "DROP_CASCADE")
    return objects.flatMap((object) => schemaLoss(input, partsOf(object).join("")));
  if (behavior !== "DROP_CASCADE") return [];
  return takesColumns.has(removeType ?? "")
    ? [...columnsGone(input), ...tablesGone(input)]
    : takesTables.has(removeType ?? "")
      ? tablesGone(input)
      : [];
}

/** A table whose partition key calls a dropped function goes with all its rows (measured on 14 and 18). */
const takesTables = new Set(["OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE"]);

/** Tables that CASCADE takes along: partitioned by a function, or of a type. */
function tablesGone(input: StatementInput): readonly Loss[] {
  return takenAlong(input).flatMap(({ object }) => {
    const table = object === undefined ? undefined : input.world.relations.get(object);
    if (table === undefined || !isTable(table)) return [];
    const name = relationName(table);
    return [{ kind: "table" as const, object: name, table: name }];
  });
}

/** What columns can have a type of: with CASCADE the columns go along. */
const takesColumns = new Set(["OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_EXTENSION"]);

function schemaLoss(input: StatementInput, schema: string): readonly Loss[] {
  const tables = [...input.world.relations.values()].filter(
    (one) => one.schema === schema && isTable(one) && input.existing.has(one.id),
  );
  if (tables.length === 0 && input.world.complete) return [];
  const count =
    tables.length === 0 ? "" : ` with ${tables.length} table${tables.length > 1 ? "s" : ""}`;
  return [{ kind: "schema", object: `schema ${schema}${count}` }];
}

/** Columns that CASCADE takes along, e.g. those of a dropped type. */
function columnsGone(input: StatementInput): readonly Loss[] {
  const gone: Loss[] = [];
  for (const before of input.world.relations.values()) {
    if (!isTable(before) || !input.existing.has(before.id)) continue;
    const after = byId(input.after, before.id);
    const left = new Set(after?.columns.map(({ name }) => name));
    for (const { name } of before.columns)
      if (after !== undefined && !left.has(name)) {
        const table = qualifiedName(before.schema, before.name);
        gone.push({ kind: "column", object: `${table}.${qualifiedName(name)}`, table });
      }
  }
  return gone;
}

function isTable({ kind }: Relation): boolean {
  return kind === "table" || kind === "partitioned table";
}

function altered(
  input: StatementInput,
  { relation, cmds = [], objtype }: { relation?: object; cmds?: Node[]; objtype?: string },
): readonly Loss[] {
  if (objtype !== "OBJECT_TABLE" || relation === undefined || !cmds.some(mayLose)) return [];
  const table = subjectOf(input, relation);
  if (!table.existed || table.relation?.kind === "foreign table") return [];
  return cmds.flatMap((cmd) =>
    "AlterTableCmd" in cmd ? alteredBy(table, cmd.AlterTableCmd, input) : [],
  );
}

const losing = new Set(["AT_SetUnLogged", "AT_DropColumn", "AT_AlterColumnType"]);

function mayLose(cmd: Node): boolean {
  return "AlterTableCmd" in cmd && losing.has(cmd.AlterTableCmd.subtype ?? "");
}

function alteredBy(
  {
    name: table,
    relation,
  }: { readonly name: QualifiedName; readonly relation: Relation | undefined },
  { subtype, name = "", def }: AlterTableCmd,
  input: StatementInput,
): readonly Loss[] {
  const column = relation?.columns.find((one) => one.name === name);
  const object = `${table}.${qualifiedName(name)}`;
  if (subtype === "AT_SetUnLogged") return [{ kind: "unlogged", object: table, table }];
  if (subtype === "AT_DropColumn") {
    // What is generated can be generated again; a column that is not there is skipped or refused.
    const nothing =
      column?.generated !== undefined ||
      (relation !== undefined && column === undefined) ||
      isOfThisFile(input, table, name);
    return nothing ? [] : [{ kind: "column", object, table }];
  }
  if (subtype !== "AT_AlterColumnType" || column === undefined) return [];
  const after = afterColumn(input, relation!, name);
  const using = def !== undefined && "ColumnDef" in def ? def.ColumnDef.raw_default : undefined;
  const part = after === undefined ? undefined : cutByType(column.type, after.type, using);
  return part === undefined ? [] : [{ kind: "values", object, table, part }];
}

/** True for a column that an earlier statement of the file added. */
function isOfThisFile(
  { before, world, existing }: StatementInput,
  table: QualifiedName,
  name: string,
): boolean {
  return before.some(({ statement, session }) =>
    columnsAdded(statement).some(
      ({ relation, column }) =>
        column.colname === name && subjectOf({ world, existing, session }, relation).name === table,
    ),
  );
}

function afterColumn({ after }: StatementInput, { id }: Relation, name: string) {
  return byId(after, id)?.columns.find((column) => column.name === name);
}

function truncated(input: StatementInput, relations: readonly Node[]): readonly Loss[] {
  return relations.flatMap((node) => {
    if (!("RangeVar" in node)) return [];
    const table = subjectOf(input, node.RangeVar);
    return table.existed ? [{ kind: "rows", object: table.name, table: table.name }] : [];
  });
}
