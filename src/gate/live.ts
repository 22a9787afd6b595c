import {
  qualifiedName,
  type Column,
  type Domain,
  type Table,
  type TypeRef,
} from "../catalog/index.ts";
import type { Contract, ContractCatalog, ContractTable, ContractView } from "../contract/index.ts";

/** The live schema as the comparison asks it, names resolved as the release's statements would be. */
export interface Live {
  readonly catalog: ContractCatalog;
  /** Schemas that unqualified names are looked up in, in order. */
  readonly searchPath: readonly string[];
  /** The name that the release's statements reach: its own schema, or the first of the path that has it. */
  resolve(relation: Pick<ContractTable | ContractView, "schema" | "name" | "unqualified">): string;
  /** A text that is equal for expressions that Postgres holds for the same, however it prints them. */
  readonly expressionKey: (text: string) => string;
  /** The domain behind a type; undefined for any other type. */
  domain(type: TypeRef): Domain | undefined;
}

/** Schemas that a contract names, which is all that a gate reads beside the search path's. */
export function contractSchemas(contract: Contract): readonly string[] {
  const { tables, views, enums, domains, composites, sequences } = contract;
  const named = [...tables, ...views, ...enums, ...domains, ...composites, ...sequences];
  return [...new Set(named.map(({ schema }) => schema))];
}

/**
 * Prepares a catalog for comparison.
 * @param expressionKey see `Live`; texts are compared as they are printed when it is left away
 */
export function liveSchema(
  catalog: ContractCatalog,
  searchPath: readonly string[],
  expressionKey: (text: string) => string = (text) => text,
): Live {
  const exists = (name: string) =>
    catalog.tables[name] !== undefined ||
    catalog.views[name] !== undefined ||
    catalog.materializedViews[name] !== undefined;
  return {
    catalog,
    searchPath,
    expressionKey,
    resolve: ({ schema, name, unqualified }) => {
      const own = qualifiedName(schema, name);
      if (!unqualified) return own;
      return searchPath.map((one) => qualifiedName(one, name)).find(exists) ?? own;
    },
    domain: (type) =>
      type.kind === "domain" && !type.array
        ? catalog.domains[qualifiedName(type.schema, type.name)]
        : undefined,
  };
}

/** True when the database gives a value to a row that has none for the column. */
export function fillsItself(column: Column, live: Live): boolean {
  return (
    column.default !== null ||
    column.identity !== null ||
    column.generated !== null ||
    (live.domain(column.type)?.default ?? null) !== null
  );
}

/** True when a row with NULL in the column is refused, be it by a domain. */
export function refusesNull(column: Column, live: Live): boolean {
  return !column.nullable || live.domain(column.type)?.nullable === false;
}

export function columnNamed(table: Table, name: string): Column | undefined {
  return table.columns.find((column) => column.name === name);
}

/** True when two expressions, or none, are the same to Postgres. */
export function sameExpression(live: Live, left: string | null, right: string | null): boolean {
  if (left === null || right === null) return left === right;
  return left === right || live.expressionKey(left) === live.expressionKey(right);
}
