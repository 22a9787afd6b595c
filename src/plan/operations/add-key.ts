import type { Catalog, Index, KeyConstraint, Table } from "../../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../sql/index.ts";
import { madeName } from "../dual-writes/index.ts";
import { columnIn, sqlName, tableChange, tableIn, type TableChange } from "../lookup.ts";
import { transaction, type PlannedOperation, type Step } from "../model.ts";
import { areSettled, freeName } from "../naming.ts";
import { buildSteps } from "../online/index-build.ts";
import { indexOf, isKey, keyOver, keySteps } from "../online/key.ts";
import { requiredSteps } from "../online/not-null.ts";
import { addedConstraint } from "./add-constraint.ts";
import { duplicatesRefused } from "./create-index.ts";
import { areNeverEqual } from "./no-duplicates.ts";
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
  input: OperationInput,
  { table, afterwards, catalog, key, using }: AddedKey,
  instead: string | undefined,
): PlannedOperation {
  const { start, plan, major } = input;
  const required = nullable(table, key).flatMap((column) => {
    const { type, notNull } = columnIn(afterwards, column)!;
    return requiredSteps({
      table,
      column,
      type,
      constraint: notNull?.name ?? null,
      noInherit: notNull?.noInherit === true,
      plan,
      major,
    });
  });
  const { builds, names, renamed } =
    using === undefined
      ? keySteps({
          catalog,
          table: afterwards,
          key,
          nameOf: ({ name }) => freeName(start, table.schema, name, plan),
          instead,
        })
      : { builds: [], names: [keyOver(table, key, using, instead)], renamed: [] };
  const said =
    using === undefined && !areNeverEqual(input, table, indexOf(afterwards, key))
      ? duplicatesRefused(quoteIdent(key.name), table)
      : {};
  const columns = [...key.columns, ...key.include];
  if (!areSettled(input, table, columns))
    return { narrow: [...builds, ...required, ...names], ...said };
  // An index of the starting catalog would be lost with the constraint when going back.
  const isLate =
    required.length > 0 ||
    instead !== undefined ||
    hasConstraint(start, table, key.name) ||
    freeName(start, table.schema, key.name, plan) !== key.name ||
    (using !== undefined && hasIndex(start, table, using));
  if (!isLate) return { settle: [...builds, ...names], ...said };
  const isOfParts = using === undefined && table.kind === "partitioned";
  if (!isOfParts || key.deferrable !== "no")
    return { settle: builds, narrow: [...required, ...names], ...said };
  const upserts = upsertIndex(catalog, afterwards, key, plan, renamed);
  return {
    settle: upserts.builds,
    narrow: [...builds, ...required, ...names, upserts.end],
    notes: [
      ...(said.notes ?? []),
      `until the contract phase has made ${quoteIdent(key.name)}, another unique index of ${sqlName(table)} serves the new release's ON CONFLICT: what the partitions have can be part of one index only`,
    ],
    ...(said.exemptions === undefined ? {} : { exemptions: said.exemptions }),
  };
}

/**
 * A unique index of a partitioned table by which the new release can upsert before the key is there: an index of the
 * partitions alone is none of the table (infer_arbiter_indexes, plancat.c), and no key of a partitioned table can be made
 * over an index (manual, ALTER TABLE, ADD table_constraint_using_index).
 */
function upsertIndex(
  catalog: Catalog,
  table: Table,
  key: KeyConstraint,
  plan: string,
  renamed: readonly string[],
): { readonly builds: readonly Step[]; readonly end: Step } {
  const index = indexOf(table, key);
  const nameOf = ({ name }: Pick<Index, "name">) => madeName(name, plan, "early");
  const name = quoteQualified(table.schema, nameOf(index));
  return {
    builds: buildSteps({ catalog, table, index, nameOf }),
    end: transaction(
      `index ${name}, which served until ${quoteIdent(key.name)} was there, goes`,
      // A phase that is run again from its beginning has built those of the partitions once more.
      [name, ...renamed].map((index) => `DROP INDEX IF EXISTS ${index}`),
    ),
  };
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
