import {
  qualifiedName,
  type Catalog,
  type Column,
  type EnumType,
  type Table,
} from "../../../catalog/index.ts";
import { quoteIdent, quoteQualified } from "../../../sql/index.ts";
import { withColumnRenamed } from "../../carry/column-references.ts";
import { madeName, type Shadow } from "../../dual-writes/index.ts";
import { sqlName } from "../../lookup.ts";

/** A column that gets another form under the same name. */
export interface ColumnChange {
  readonly plan: string;
  readonly major: number;
  /** The catalogs on both sides of the naive statement. */
  readonly before: Catalog;
  readonly after: Catalog;
  /** Table and column in each of them. */
  readonly table: Table;
  readonly tableAfter: Table;
  readonly column: Column;
  readonly columnAfter: Column;
  readonly shadow: Shadow;
  /** When the type itself is made again: the name that its second one has until the swap. */
  readonly madeType?: { readonly type: EnumType; readonly name: string };
}

/** A definition as Postgres prints it, on the second form. */
export function onSecondForm(definition: string, { shadow }: ColumnChange): string {
  return withColumnRenamed(definition, shadow.column, shadow.made);
}

/** The type of the second form as long as it is the second. */
export function secondType({ columnAfter, madeType }: ColumnChange): string {
  if (madeType === undefined) return columnAfter.type.text;
  const array = columnAfter.type.array ? "[]" : "";
  return `${quoteQualified(madeType.type.schema, madeType.name)}${array}`;
}

/** What is quoted again and again. */
export interface Names {
  readonly table: string;
  readonly column: string;
  readonly made: string;
  readonly kept: string;
}

export function namesOf({ table, shadow }: ColumnChange): Names {
  return {
    table: sqlName(table),
    column: quoteIdent(shadow.column),
    made: quoteIdent(shadow.made),
    kept: quoteIdent(shadow.kept),
  };
}

/** Name of the second one of something that the change carries, until it gets the name of the first. */
export function madeFor(name: string, { plan }: ColumnChange): string {
  return madeName(name, plan);
}

/** Name of the first one from then on. */
export function keptFor(name: string, { plan }: ColumnChange): string {
  return madeName(name, "was", plan);
}

/** Two things exchange a name, and take it back. */
export interface Exchange {
  readonly forward: readonly string[];
  readonly back: readonly string[];
}

/** @param rename the statement that renames one thing to another name */
export function exchangeOfNames(
  name: string,
  change: ColumnChange,
  rename: (from: string, to: string) => string,
): Exchange {
  const [made, kept] = [madeFor(name, change), keptFor(name, change)];
  return {
    forward: [rename(name, kept), rename(made, name)],
    back: [rename(name, made), rename(kept, name)],
  };
}

/** How the catalog calls the table. */
export function keyOf({ table }: ColumnChange): string {
  return qualifiedName(table.schema, table.name);
}
