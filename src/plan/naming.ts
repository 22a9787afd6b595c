import { qualifiedName, type Catalog, type Index, type Table } from "../catalog/index.ts";
import { columnsIn, walk } from "../effects/index.ts";
import { parseLoaded } from "../sql/index.ts";
import { madeName } from "./dual-writes/index.ts";
import { columnIn, tableIn } from "./lookup.ts";
import type { NaiveStatement, OperationInput } from "./operations/operation.ts";

/**
 * True when columns of a table are, after the fills, what the migration meant at this place: none of them was renamed
 * or retyped by an earlier statement, which takes place in the contract phase only.
 */
export function areSettled(
  { start, preceding }: Pick<OperationInput, "start" | "preceding">,
  table: Table,
  columns: readonly string[],
): boolean {
  const first = tableIn(start, table);
  if (first === undefined) return true;
  const isWhole = first.columns.every(({ name }) => columnIn(table, name) !== undefined);
  return columns.every((name) => {
    const was = columnIn(first, name);
    const is = columnIn(table, name);
    if (was === undefined || is === undefined)
      return isWhole || isLast(first, table, name) || wasAdded(preceding, table, name);
    return was.type.text === is.type.text && was.collation === is.collation;
  });
}

/** Columns that were there come before those that are added, under whatever names (pg_attribute.attnum). */
function isLast(first: Table, table: Table, name: string): boolean {
  return table.columns.findIndex((column) => column.name === name) >= first.columns.length;
}

/** Whether the column came with one of these statements, and did not get its name from one. */
function wasAdded(statements: readonly NaiveStatement[], table: Table, name: string): boolean {
  const came = statements.findLast(({ before }) => {
    const known = tableIn(before, table);
    return known === undefined || columnIn(known, name) === undefined;
  });
  if (came === undefined || tableIn(came.before, table) === undefined) return false;
  return !("RenameStmt" in came.statement.node);
}

/** Columns of its table that an index reads, in its keys, its expressions and its condition. */
export function columnsOf({ definition }: Index): readonly string[] {
  const [statement] = parseLoaded(definition, "index");
  const found = new Set<string>(columnsIn(statement?.node));
  walk(statement?.node, (node) => {
    if ("IndexElem" in node && node.IndexElem.name !== undefined) found.add(node.IndexElem.name);
  });
  return [...found];
}

/** A relation's own name, or one of the plan's while something that goes in the contract phase still has it. */
export function freeName(start: Catalog, schema: string, name: string, plan: string): string {
  return hasRelation(start, schema, name) ? madeName(name, plan) : name;
}

function hasRelation(catalog: Catalog, schema: string, name: string): boolean {
  const { tables, views, materializedViews, sequences } = catalog;
  const key = qualifiedName(schema, name);
  if ([tables, views, materializedViews, sequences].some((records) => key in records)) return true;
  return [...Object.values(tables), ...Object.values(materializedViews)].some(
    (relation) =>
      relation.schema === schema && relation.indexes.some((index) => index.name === name),
  );
}
