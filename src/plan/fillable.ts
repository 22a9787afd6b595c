import { qualifiedName, type Catalog, type Index, type Table } from "../catalog/index.ts";
import { columnIn, partitionsIn, sqlName, tableIn } from "./lookup.ts";
import type { TableName } from "./model.ts";

/** Why the rows of a table cannot be filled in batches, and what a person can do first. */
export interface FillObstacle {
  readonly why: string;
  readonly instead: readonly string[];
}

/**
 * A fill goes through a table by a key that every row has, or else by the place of its rows: what another server keeps
 * has no place here.
 *
 * @param start the catalog before the migration: keys that it makes itself come after the fills
 * @returns undefined when rows can be filled
 */
export function fillObstacle(start: Catalog, name: TableName): FillObstacle | undefined {
  const table = tableIn(start, name);
  if (table === undefined) return undefined;
  const hasKey = table.indexes.some((index) => isKeyIndex(table, index));
  if (hasKey && heirsOf(start, table).length === 0) return undefined;
  const far = treeOf(start, table).filter(({ kind }) => kind === "foreign");
  if (far.length === 0) return undefined;
  return {
    why: `rows of ${sqlName(table)} are filled in batches: it has no key for all of them by which they could be gone through, and those of ${far.map(sqlName).join(", ")} are kept elsewhere and have no place here`,
    instead: [
      `change the rows of ${far.map(sqlName).join(", ")} where they are kept, and DETACH PARTITION or NO INHERIT meanwhile`,
      "in a maintenance window, as it is",
    ],
  };
}

/** The table, its partitions and the tables that inherit from it, on every level. */
function treeOf(start: Catalog, table: Table): readonly Table[] {
  const children = [...heirsOf(start, table), ...partitionsIn(start, table)];
  return [table, ...children.flatMap((child) => treeOf(start, child))];
}

/** Tables that inherit from it: their rows are its rows, its keys and triggers are not theirs. */
function heirsOf({ tables }: Catalog, { schema, name }: TableName): readonly Table[] {
  const own = qualifiedName(schema, name);
  return Object.values(tables).filter(({ inherits }) => inherits.includes(own));
}

/**
 * Why two forms of a value cannot be kept in step in a table: triggers of a table do not fire for rows of the tables that
 * inherit from it, although its new columns are theirs too.
 *
 * @returns undefined when they can
 */
export function dualWriteObstacle(start: Catalog, name: TableName): FillObstacle | undefined {
  const heirs = heirsOf(start, name);
  if (heirs.length === 0) return undefined;
  const names = heirs.map(sqlName).join(", ");
  return {
    why: `triggers keep both forms in step while both releases write, and those of ${sqlName(name)} do not fire for rows of ${names}, which inherit from it`,
    instead: [
      `ALTER TABLE … NO INHERIT ${sqlName(name)} for ${names}, then a migration of each table's own`,
      "in a maintenance window, as it is",
    ],
  };
}

/** As the backfill wants it: every row has it, and no two rows share it even for a moment. */
function isKeyIndex(
  table: Table,
  { name, unique, valid, predicate, keys, constraint }: Index,
): boolean {
  const isDeferrable = table.constraints.some(
    (one) => one.name === (constraint ?? name) && one.deferrable !== "no",
  );
  return (
    unique &&
    valid &&
    predicate === null &&
    !isDeferrable &&
    keys.every(
      ({ column, descending }) =>
        column !== null && !descending && columnIn(table, column)?.notNull?.valid === true,
    )
  );
}
