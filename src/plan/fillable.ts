import type { Catalog, Index, Table } from "../catalog/index.ts";
import { columnIn, heirsIn, partitionsIn, sqlName, tableIn } from "./lookup.ts";
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
  if (hasKey && heirsIn(start, table).length === 0) return undefined;
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
export function treeOf(start: Catalog, table: Table): readonly Table[] {
  const children = [...heirsIn(start, table), ...partitionsIn(start, table)];
  return [table, ...children.flatMap((child) => treeOf(start, child))];
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
