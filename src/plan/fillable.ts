import { qualifiedName, type Catalog, type Index, type Table } from "../catalog/index.ts";
import { columnIn, sqlName, tableIn } from "./lookup.ts";
import type { TableName } from "./model.ts";

/** Why the rows of a table cannot be filled in batches, and what a person can do first. */
export interface FillObstacle {
  readonly why: string;
  readonly instead: readonly string[];
}

/**
 * A fill goes through a table by a key that every row has, and remembers by it how far it has come.
 *
 * @param start the catalog before the migration: keys that it makes itself come after the fills
 * @returns undefined when rows can be filled
 */
export function fillObstacle(start: Catalog, name: TableName): FillObstacle | undefined {
  const table = tableIn(start, name);
  if (table === undefined) return undefined;
  const own = qualifiedName(table.schema, table.name);
  if (Object.values(start.tables).some(({ inherits }) => inherits.includes(own)))
    return {
      why: `rows of ${sqlName(table)} are filled in batches, and no key holds for the tables that inherit from it`,
      instead: [
        "fill each of the tables by a migration of its own, then the column of the parent",
        "in a maintenance window, as it is",
      ],
    };
  if (table.indexes.some((index) => isKeyIndex(table, index))) return undefined;
  return {
    why: `rows of ${sqlName(table)} are filled in batches, and it has no primary key or unique index on NOT NULL columns by which they could be gone through`,
    instead: [
      "a migration before this one that adds a primary key: lockstep plan does it online",
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
