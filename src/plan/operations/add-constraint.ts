import type { Catalog, Constraint, ForeignKeyConstraint, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { sqlName, tableChange, tableIn } from "../lookup.ts";
import { validatedSteps } from "../online/validated.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * `ADD CHECK` and `ADD FOREIGN KEY`. What they refuse the old release may still write: they belong to the contract
 * phase, NOT VALID first.
 */
export function addConstraint({
  statement: { node },
  before,
  after,
  existed,
  searchPath,
  major,
}: OperationInput): Recognised | undefined {
  const change = tableChange(node, before, searchPath);
  if (change?.command.subtype !== "AT_AddConstraint" || !existed(change.table)) return undefined;
  const constraint = addedConstraint(change.table, after);
  if (constraint?.kind !== "check" && constraint?.kind !== "foreign-key") return undefined;
  const { table } = change;
  return {
    title: `constraint ${quoteIdent(constraint.name)} on ${sqlName(table)}`,
    planned: {
      narrow: validatedSteps({ before, after, table, constraint, major }),
      notes: constraint.kind === "foreign-key" ? unsupported(after, table, constraint) : [],
    },
  };
}

/** The constraint that the table has got. */
export function addedConstraint(table: Table, after: Catalog): Constraint | undefined {
  const had = new Set(table.constraints.map(({ name }) => name));
  return tableIn(after, table)?.constraints.find(({ name }) => !had.has(name));
}

/**
 * A note when no index begins with the referencing columns: every change of a referenced key then reads the whole
 * table (manual 5.5.5).
 */
function unsupported(
  after: Catalog,
  { schema, name }: Table,
  { columns }: ForeignKeyConstraint,
): readonly string[] {
  const own = new Set(columns);
  const indexes = tableIn(after, { schema, name })?.indexes ?? [];
  const hasSupport = indexes.some(
    ({ keys, predicate, valid }) =>
      valid &&
      predicate === null &&
      keys.slice(0, columns.length).every(({ column }) => column !== null && own.has(column)) &&
      keys.length >= columns.length,
  );
  if (hasSupport) return [];
  const list = columns.map(quoteIdent).join(", ");
  return [
    `no index on ${sqlName({ schema, name })} begins with ${list}: each DELETE or change of a referenced key reads the whole table; consider CREATE INDEX CONCURRENTLY ON ${sqlName({ schema, name })} (${list})`,
  ];
}
