import {
  type Catalog,
  type Column,
  type Index,
  type QualifiedName,
  type Table,
} from "../../../catalog/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified } from "../../../sql/index.ts";

/** A table as one release knows it. */
export interface ReleaseTable {
  readonly name: QualifiedName;
  readonly sql: string;
  readonly table: Table;
  /** All that it reads. */
  readonly columns: readonly Column[];
  /** Those that an INSERT may give. */
  readonly writable: readonly Column[];
  /** Columns that tell rows apart; empty when none do. */
  readonly key: readonly string[];
  /** Unique indexes that ON CONFLICT can name. */
  readonly arbiters: readonly Index[];
  /** Those of them by whose values a row that is there is known. */
  readonly finders: readonly Index[];
  /** Columns that a unique or exclusion index reads, or that foreign keys use. */
  readonly bound: ReadonlySet<string>;
}

/** The tables of a release that are among `names`; partitions are left to their partitioned table. */
export function releaseTables(
  catalog: Catalog,
  names: ReadonlySet<QualifiedName>,
): readonly ReleaseTable[] {
  return Object.entries(catalog.tables)
    .filter(
      ([name, { partitionOf, kind }]) =>
        names.has(name) && partitionOf === null && kind !== "foreign",
    )
    .map(([name, table]) => releaseTable(name, table, catalog));
}

function releaseTable(name: QualifiedName, table: Table, catalog: Catalog): ReleaseTable {
  const { columns, constraints, indexes } = table;
  const arbiters = indexes.filter((index) => {
    const constraint = constraints.find((one) => one.name === index.constraint);
    return index.unique && index.valid && (constraint?.deferrable ?? "no") === "no";
  });
  const isRequired = (column: string) =>
    columns.some((one) => one.name === column && !one.nullable);
  const keys = arbiters.filter(
    ({ keys: parts, predicate }) =>
      predicate === null && parts.every(({ column }) => column !== null && isRequired(column)),
  );
  const primary = keys.find(({ constraint }) =>
    constraints.some((one) => one.name === constraint && one.kind === "primary-key"),
  );
  const referenced = Object.values(catalog.tables).flatMap((other) =>
    other.constraints.flatMap((one) =>
      one.kind === "foreign-key" && one.references.table === name ? one.references.columns : [],
    ),
  );
  const unique = indexes
    .filter((index) => index.unique || index.constraint !== null)
    .flatMap((index) => index.keys.map(({ column }) => column));
  // What an expression reads is not told: then any column may be.
  const anyColumn = unique.includes(null) ? columns.map((column) => column.name) : [];
  return {
    name,
    sql: quoteQualified(table.schema, table.name),
    table,
    columns,
    writable: columns.filter(
      ({ generated, identity }) => generated === null && identity?.generation !== "always",
    ),
    key: ((primary ?? keys[0])?.keys ?? []).map(({ column }) => column!),
    arbiters,
    finders: arbiters,
    bound: new Set([
      ...anyColumn,
      ...unique.filter((column) => column !== null),
      ...referenced,
      ...constraints.flatMap((one) => (one.kind === "foreign-key" ? one.columns : [])),
    ]),
  };
}

/** Tables that foreign keys lead to from those named, and from which they lead to them; with the named ones. */
export function withNeighbours(
  { tables }: Catalog,
  named: ReadonlySet<QualifiedName>,
): ReadonlySet<QualifiedName> {
  const roots = new Set([...named].map((name) => rootOf(tables, name)));
  const found = new Set(roots);
  for (const [name, { constraints, inherits }] of Object.entries(tables)) {
    const root = rootOf(tables, name);
    for (const parent of inherits) if (roots.has(parent)) found.add(name);
    for (const one of constraints) {
      if (one.kind !== "foreign-key") continue;
      const parent = rootOf(tables, one.references.table);
      if (roots.has(root)) found.add(parent);
      if (roots.has(parent)) found.add(root);
    }
  }
  return found;
}

function rootOf(tables: Catalog["tables"], name: QualifiedName): QualifiedName {
  const parent = tables[name]?.partitionOf?.table;
  return parent === undefined ? name : rootOf(tables, parent);
}

/** The table that a release writes to for rows of this one. */
export function rootTable({ tables }: Catalog, name: QualifiedName): QualifiedName {
  return rootOf(tables, name);
}

export function literal(value: string | null | undefined): string {
  return value === null || value === undefined ? "NULL" : quoteLiteral(value);
}

export function columnList(columns: readonly Column[]): string {
  return columns.map(({ name }) => quoteIdent(name)).join(", ");
}
