import type { Catalog, KeyConstraint, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { columnIn, sqlName, tableChange, tableIn, type TableChange } from "../lookup.ts";
import type { PlannedOperation } from "../model.ts";
import { areSettled, freeName } from "../naming.ts";
import { isKey, keyOver, keySteps } from "../online/key.ts";
import { requiredSteps } from "../online/not-null.ts";
import { addedConstraint } from "./add-constraint.ts";
import { duplicatesRefused } from "./create-index.ts";
import type { NaiveStatement, OperationInput, Recognised } from "./operation.ts";

/**
 * `ADD UNIQUE` and `ADD PRIMARY KEY`: the index is built while writes go on, after the fills, so that the new release
 * finds it; then it becomes the key.
 */
export function addKey(input: OperationInput): Recognised | undefined {
  const found = addedKey(input, input);
  if (found === undefined) return undefined;
  return {
    title: `${quoteIdent(found.key.name)} of ${sqlName(found.table)}`,
    planned: plannedKey(input, found, undefined),
  };
}

export interface AddedKey {
  /** As it is before and after the statement. */
  readonly table: Table;
  readonly afterwards: Table;
  readonly catalog: Catalog;
  readonly key: KeyConstraint;
  /** Index that the statement names to be used. */
  readonly using: string | undefined;
}

/** The key that a statement adds to a table that was there before the migration. */
export function addedKey(
  { statement: { node }, before, after }: NaiveStatement,
  { existed, searchPath }: Pick<OperationInput, "existed" | "searchPath">,
): AddedKey | undefined {
  const change = tableChange(node, before, searchPath);
  if (change === undefined || !existed(change.table)) return undefined;
  if (change.command.subtype !== "AT_AddConstraint") return undefined;
  const key = addedConstraint(change.table, after);
  if (key === undefined || !isKey(key) || key.withoutOverlaps) return undefined;
  const afterwards = tableIn(after, change.table)!;
  return { table: change.table, afterwards, catalog: after, key, using: usedIndex(change) };
}

function usedIndex({ command: { def } }: TableChange): string | undefined {
  return def !== undefined && "Constraint" in def ? def.Constraint.indexname : undefined;
}

/** @param instead name of a key that goes in the moment in which this one comes */
export function plannedKey(
  { start, plan, major }: OperationInput,
  { table, afterwards, catalog, key, using }: AddedKey,
  instead: string | undefined,
): PlannedOperation {
  const required = nullable(table, key).flatMap((column) => {
    const notNull = columnIn(afterwards, column)?.notNull;
    return requiredSteps({
      table,
      column,
      constraint: notNull?.name ?? null,
      noInherit: notNull?.noInherit === true,
      plan,
      major,
    });
  });
  const { builds, names } =
    using === undefined
      ? keySteps({
          catalog,
          table: afterwards,
          key,
          nameOf: ({ name }) => freeName(start, table.schema, name, plan),
          instead,
        })
      : { builds: [], names: [keyOver(table, key, using, instead)] };
  const said = using === undefined ? duplicatesRefused(quoteIdent(key.name), table) : {};
  const columns = [...key.columns, ...key.include];
  if (!areSettled(start, table, columns))
    return { narrow: [...builds, ...required, ...names], ...said };
  // An index of the starting catalog would be lost with the constraint when going back.
  const isLate =
    required.length > 0 ||
    instead !== undefined ||
    hasConstraint(start, table, key.name) ||
    freeName(start, table.schema, key.name, plan) !== key.name ||
    (using !== undefined && hasIndex(start, table, using));
  return isLate
    ? { settle: builds, narrow: [...required, ...names], ...said }
    : { settle: [...builds, ...names], ...said };
}

/** What a primary key requires besides. */
function nullable(table: Table, { kind, columns }: KeyConstraint): readonly string[] {
  if (kind === "unique") return [];
  return columns.filter((name) => columnIn(table, name)?.notNull?.valid !== true);
}

function hasIndex(start: Catalog, table: Table, index: string): boolean {
  return tableIn(start, table)?.indexes.some(({ name }) => name === index) === true;
}

function hasConstraint(start: Catalog, table: Table, constraint: string): boolean {
  return tableIn(start, table)?.constraints.some(({ name }) => name === constraint) === true;
}
