import { qualifiedName, type Catalog, type Table } from "../../../catalog/index.ts";
import { quoteIdent } from "../../../sql/index.ts";
import { sqlName, tableIn } from "../../lookup.ts";
import type { ColumnChange } from "./facts.ts";

/**
 * Why a column cannot get a type that no operator compares with its first one: rows are found or joined by it. A parameter
 * that a session has prepared keeps the type that it was given then (plancache.c), and a column of another table has its own.
 *
 * @param start the catalog in front of the migration: what it drops is still used by the release that runs
 */
export function comparedObstacle(
  { column, columnAfter, table }: ColumnChange,
  start: Catalog,
): string | undefined {
  const [name, types] = [
    quoteIdent(column.name),
    `${columnAfter.type.text} and ${column.type.text}`,
  ];
  const first = tableIn(start, table) ?? table;
  const partner = partnerOf(start, first, column.name);
  if (partner !== undefined)
    return `${name} is joined with ${partner}, and no operator compares ${types}: the joins of the release that runs fail as soon as it has its new type (operator does not exist)`;
  const key = keyWith(first, column.name);
  if (key === undefined) return undefined;
  return `rows of ${sqlName(table)} are found by ${name} (${quoteIdent(key)}), and no operator compares ${types}: what sessions have prepared by name keeps ${column.type.text} for its parameter and fails each time (operator does not exist) until it is prepared again`;
}

/** A column that a foreign key, of this table or of another, holds equal to this one. */
function partnerOf({ tables }: Catalog, table: Table, name: string): string | undefined {
  const own = qualifiedName(table.schema, table.name);
  for (const [at, other] of Object.entries(tables))
    for (const one of other.constraints) {
      if (one.kind !== "foreign-key") continue;
      const { columns, references } = one;
      const [to, from] = [references.columns.indexOf(name), columns.indexOf(name)];
      if (references.table === own && to >= 0)
        return `${sqlName(other)}.${quoteIdent(columns[to]!)}`;
      const referred = tables[references.table];
      if (at === own && from >= 0 && referred !== undefined)
        return `${sqlName(referred)}.${quoteIdent(references.columns[from]!)}`;
    }
  return undefined;
}

/** The index by which rows are told apart: the primary key's, else one of a unique key without NULL. */
function keyWith({ columns, constraints, indexes }: Table, name: string): string | undefined {
  const isRequired = (column: string | null) =>
    columns.some((one) => one.name === column && !one.nullable);
  const keys = indexes.filter(
    ({ unique, predicate, keys: parts }) =>
      unique && predicate === null && parts.every(({ column }) => isRequired(column)),
  );
  const primary = keys.filter(({ constraint }) =>
    constraints.some((one) => one.name === constraint && one.kind === "primary-key"),
  );
  return (primary.length > 0 ? primary : keys).find(({ keys: parts }) =>
    parts.some(({ column }) => column === name),
  )?.name;
}
