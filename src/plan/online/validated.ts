import type { Catalog, Constraint, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { partitionsIn, sqlName, tableIn } from "../lookup.ts";
import { transaction, type Step, type TableName } from "../model.ts";

export interface AddedConstraint {
  /** The catalogs on both sides of the statement that adds it. */
  readonly before: Catalog;
  readonly after: Catalog;
  readonly table: Table;
  readonly constraint: Constraint;
  readonly major: number;
  /** What it is called meanwhile, on partitions too; its own name by default. */
  readonly nameOf?: ((name: string) => string) | undefined;
}

/**
 * Adds a check or foreign key: first for new rows, without reading the table, then validated while reads and writes
 * go on.
 */
export function validatedSteps(added: AddedConstraint): readonly Step[] {
  const { table, constraint, major, nameOf = asItIs } = added;
  const { kind, name, definition, valid, enforced } = constraint;
  if (kind === "foreign-key" && table.kind === "partitioned" && major < 18 && valid)
    return validatedByPartition(added);
  return stepsOn(table, nameOf(name), definition, valid && enforced);
}

/** The same, to be taken back: with the first of them the constraint goes again. */
export function takenBack(steps: readonly Step[], table: TableName, name: string): readonly Step[] {
  const drop = `ALTER TABLE IF EXISTS ${sqlName(table)} DROP CONSTRAINT IF EXISTS ${quoteIdent(name)}`;
  return steps.map((step, n) =>
    n === 0 ? { ...step, undo: [{ kind: "transaction", statements: [drop] }] } : step,
  );
}

function asItIs(name: string): string {
  return name;
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
  nameOf = asItIs,
}: AddedConstraint): readonly Step[] {
  const called = quoteIdent(nameOf(name));
  return [
    ...leavesOf(after, table).flatMap((leaf) => {
      const had = tableIn(before, leaf)?.constraints ?? [];
      const isNew = (one: Constraint) =>
        had.every((other) => other.name !== one.name || other.definition !== one.definition);
      const own = leaf.constraints.find(
        (one) =>
          one.kind === "foreign-key" &&
          one.inherited &&
          one.definition === definition &&
          isNew(one),
      );
      return own === undefined ? [] : stepsOn(leaf, nameOf(own.name), own.definition, true);
    }),
    transaction(`constraint ${called} on ${sqlName(table)}, of what partitions have`, [
      `ALTER TABLE ${sqlName(table)} ADD CONSTRAINT ${called} ${definition}`,
    ]),
  ];
}

/** The partitions that hold rows, on every level. */
export function leavesOf(catalog: Catalog, table: Table): readonly Table[] {
  return partitionsIn(catalog, table).flatMap((partition) =>
    partition.kind === "partitioned" ? leavesOf(catalog, partition) : [partition],
  );
}
