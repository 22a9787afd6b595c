import type { Catalog, Constraint, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { partitionsIn, sqlName, tableIn } from "../lookup.ts";
import { transaction, type Step } from "../model.ts";

export interface AddedConstraint {
  /** The catalogs on both sides of the statement that adds it. */
  readonly before: Catalog;
  readonly after: Catalog;
  readonly table: Table;
  readonly constraint: Constraint;
  readonly major: number;
}

/**
 * Adds a check or foreign key: first for new rows, without reading the table, then validated while reads and writes
 * go on.
 */
export function validatedSteps(added: AddedConstraint): readonly Step[] {
  const { table, constraint, major } = added;
  const { kind, name, definition, valid, enforced } = constraint;
  if (kind === "foreign-key" && table.kind === "partitioned" && major < 18 && valid)
    return validatedByPartition(added);
  return stepsOn(table, name, definition, valid && enforced);
}

function stepsOn(
  table: Table,
  name: string,
  definition: string,
  isValidated: boolean,
): readonly Step[] {
  const what = `${quoteIdent(name)} on ${sqlName(table)}`;
  const add = `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${quoteIdent(name)} ${definition}`;
  if (!isValidated) return [transaction(`constraint ${what}`, [add])];
  return [
    transaction(`constraint ${what}, for new rows`, [`${add} NOT VALID`]),
    transaction(`constraint ${what}, for the rows that are there`, [
      `ALTER TABLE ${sqlName(table)} VALIDATE CONSTRAINT ${quoteIdent(name)}`,
    ]),
  ];
}

/**
 * Before 18 a partitioned table's foreign key cannot be NOT VALID. Each partition gets it so; the partitioned table's
 * takes over the valid ones that are there (tryAttachPartitionForeignKey) and reads nothing.
 */
function validatedByPartition({
  before,
  after,
  table,
  constraint: { name, definition },
}: AddedConstraint): readonly Step[] {
  return [
    ...leavesOf(after, table).flatMap((leaf) => {
      const had = new Set(tableIn(before, leaf)?.constraints.map((one) => one.name));
      const own = leaf.constraints.find(
        (one) => one.kind === "foreign-key" && one.inherited && !had.has(one.name),
      );
      return own === undefined ? [] : stepsOn(leaf, own.name, own.definition, true);
    }),
    transaction(`constraint ${quoteIdent(name)} on ${sqlName(table)}, of what partitions have`, [
      `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${quoteIdent(name)} ${definition}`,
    ]),
  ];
}

/** The partitions that hold rows, on every level. */
export function leavesOf(catalog: Catalog, table: Table): readonly Table[] {
  return partitionsIn(catalog, table).flatMap((partition) =>
    partition.kind === "partitioned" ? leavesOf(catalog, partition) : [partition],
  );
}
