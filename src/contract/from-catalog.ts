import type {
  CheckConstraint,
  Column,
  Constraint,
  ExclusionConstraint,
  Index,
  PartialCatalog,
  Table,
} from "../catalog/index.ts";
import { qualifiedName } from "../catalog/index.ts";
import type {
  Access,
  ContractBody,
  ContractColumn,
  ContractForeignKey,
  ContractIndex,
  ContractKey,
  ContractTable,
  ContractView,
} from "./contract.ts";

/** The parts of a catalog that a contract or a gate reads. */
export const contractParts = [
  "schemas",
  "tables",
  "views",
  "materializedViews",
  "sequences",
  "enums",
  "domains",
  "compositeTypes",
] as const;

/** A catalog as contracts and gates read it. */
export type ContractCatalog = PartialCatalog<(typeof contractParts)[number]>;

/** What the source of a contract knows beyond the catalog, asked object by object. */
export interface Annotations {
  /**
   * Place of an object: `relation public.orders`, `column public.orders.id`, `type public.status`,
   * `label public.status.paid`, `constraint public.orders.orders_pkey`, `index public.orders_idx`, `schema app`.
   */
  readonly from?: (address: string) => string | undefined;
  /** What the code knows of a column beyond the database: whether it writes the value itself, and which. */
  readonly column?: (
    table: string,
    column: string,
  ) =>
    | {
        readonly supplied?: boolean;
        readonly values?: readonly string[] | null;
        /** Null when nothing is known about NULL in the code. */
        readonly nullable?: null;
        /** False when the code neither reads nor writes it. */
        readonly used?: boolean;
        /** False when no INSERT of the code gives it a value. */
        readonly given?: boolean;
        /** True when the database gives a value, and it is not known which. */
        readonly filled?: boolean;
        readonly reads?: "number" | "driver";
      }
    | undefined;
  /** False when the order of an enum type's labels is not the source's affair. */
  readonly ordered?: (type: string) => boolean;
  /** What the code does with a table; everything by default. */
  readonly access?: (relation: string) => readonly Access[] | undefined;
  /** False leaves a table or view out. */
  readonly wanted?: (relation: string) => boolean;
  /** True when the code leaves the schema away. */
  readonly unqualified?: (relation: string) => boolean;
  /** True when nothing but a table's columns is known. */
  readonly columnsOnly?: (relation: string) => boolean;
}

const everything: readonly Access[] = ["select", "insert", "update", "delete"];

/**
 * The expectations that a catalog stands for: every table with all its columns, as an ORM that enumerates
 * columns needs them (B1). Partitions are left to their partitioned table.
 */
export function contractFromCatalog(
  catalog: ContractCatalog,
  annotations: Annotations = {},
): Omit<ContractBody, "env" | "checks" | "role"> {
  const wanted = annotations.wanted ?? (() => true);
  const place = placer(annotations);
  const tables = Object.entries(catalog.tables)
    .filter(([name, table]) => table.partitionOf === null && wanted(name))
    .map(([name, table]) => contractTable(name, table, catalog, annotations, place));
  const views: ContractView[] = [
    ...Object.entries(catalog.views).map(([name, view]) => ({ name, view, materialized: false })),
    ...Object.entries(catalog.materializedViews).map(([name, view]) => ({
      name,
      view,
      materialized: true,
    })),
  ]
    .filter(({ name }) => wanted(name))
    .map(({ name, view, materialized }) => ({
      schema: view.schema,
      name: view.name,
      unqualified: annotations.unqualified?.(name) ?? false,
      materialized,
      columns: view.columns
        .filter((column) => annotations.column?.(name, column.name)?.used !== false)
        .map((column) => ({
          name: column.name,
          type: column.type.text,
          ...place(`column ${name}.${qualifiedName(column.name)}`, `relation ${name}`),
        })),
      ...place(`relation ${name}`),
    }));
  const used = usedTypes(tables, views);
  return {
    tables,
    views,
    enums: Object.entries(catalog.enums).map(([name, { schema, name: own, labels }]) => ({
      schema,
      name: own,
      labels,
      ...place(`type ${name}`),
      ...(annotations.ordered?.(name) === false ? { ordered: false as const } : {}),
      ...labelPlaces(name, labels, annotations),
    })),
    domains: Object.entries(catalog.domains)
      .filter(([name]) => used(name))
      .map(([name, domain]) => ({
        schema: domain.schema,
        name: domain.name,
        type: domain.baseType.text,
        nullable: domain.nullable,
        default: domain.default,
        checks: domain.checks.map(({ expression }) => expression),
        ...place(`type ${name}`),
      })),
    composites: Object.entries(catalog.compositeTypes)
      .filter(([name]) => used(name))
      .map(([name, { schema, name: own, attributes }]) => ({
        schema,
        name: own,
        attributes: attributes.map(({ name, type }) => ({ name, type: type.text })),
        ...place(`type ${name}`),
      })),
    sequences: Object.entries(catalog.sequences)
      .filter(([, sequence]) => sequence.ownedBy === null)
      .map(([name, { schema, name: own }]) => ({
        schema,
        name: own,
        ...place(`relation ${name}`),
      })),
  };
}

/** The place of the first address that has one: an object's own, else that of what it hangs on. */
type Placer = (...addresses: readonly string[]) => { readonly from?: string };

function placer(annotations: Annotations): Placer {
  return (...addresses) => {
    for (const address of addresses) {
      const from = annotations.from?.(address);
      if (from !== undefined) return { from };
    }
    return {};
  };
}

function contractTable(
  name: string,
  table: Table,
  catalog: ContractCatalog,
  annotations: Annotations,
  place: Placer,
): ContractTable {
  const of = <Kind extends Constraint["kind"]>(...kinds: readonly Kind[]) =>
    table.constraints.filter((one): one is Extract<Constraint, { kind: Kind }> =>
      (kinds as readonly string[]).includes(one.kind),
    );
  return {
    schema: table.schema,
    name: table.name,
    unqualified: annotations.unqualified?.(name) ?? false,
    access: annotations.access?.(name) ?? everything,
    rowSecurity: table.rowSecurity,
    columns: table.columns.map((column) =>
      contractColumn(name, column, catalog, annotations, place),
    ),
    unique: table.indexes
      .filter((index) => index.unique)
      .map((index) => contractKey(name, index, table, place)),
    foreignKeys: of("foreign-key").map((key): ContractForeignKey => ({
      name: key.name,
      columns: key.columns,
      table: key.references.table,
      references: key.references.columns,
      onDelete: key.onDelete,
      onUpdate: key.onUpdate,
      deferrable: key.deferrable,
      ...place(`constraint ${name}.${qualifiedName(key.name)}`, ...nearest(name, key.columns)),
    })),
    checks: of("check", "exclusion").map(({ name: own, definition }) => ({
      name: own,
      definition,
      ...place(`constraint ${name}.${qualifiedName(own)}`, `relation ${name}`),
    })),
    indexes: table.indexes
      .filter((index) => !index.unique && index.constraint === null)
      .map((index): ContractIndex => ({
        name: index.name,
        method: index.method,
        keys: keyTexts(index),
        predicate: index.predicate,
        ...place(
          `index ${qualifiedName(table.schema, index.name)}`,
          ...nearest(name, columnsOf(index)),
        ),
      })),
    ...(annotations.columnsOnly?.(name) === true ? { columnsOnly: true as const } : {}),
    ...place(`relation ${name}`),
  };
}

function contractColumn(
  table: string,
  column: Column,
  catalog: ContractCatalog,
  annotations: Annotations,
  place: Placer,
): ContractColumn {
  const { type } = column;
  const domainRefusesNull =
    type.kind === "domain" &&
    !type.array &&
    catalog.domains[qualifiedName(type.schema, type.name)]?.nullable === false;
  const known = annotations.column?.(table, column.name);
  return {
    name: column.name,
    type: column.type.text,
    nullable: known?.nullable === null ? null : column.nullable && !domainRefusesNull,
    default: column.default,
    identity: column.identity?.generation ?? null,
    generated: column.generated,
    collation: column.collation,
    supplied: known?.supplied ?? false,
    values: known?.values ?? null,
    ...(known?.used === false ? { used: false as const } : {}),
    ...(known?.given === false ? { given: false as const } : {}),
    ...(known?.filled === true ? { filled: true as const } : {}),
    ...(known?.reads === undefined ? {} : { reads: known.reads }),
    ...place(`column ${table}.${qualifiedName(column.name)}`, `relation ${table}`),
  };
}

function contractKey(table: string, index: Index, owner: Table, place: Placer): ContractKey {
  const constraint = owner.constraints.find(({ name }) => name === index.constraint);
  const address =
    index.constraint === null
      ? `index ${qualifiedName(owner.schema, index.name)}`
      : `constraint ${table}.${qualifiedName(index.constraint)}`;
  return {
    name: index.name,
    primary: constraint?.kind === "primary-key",
    keys: keyTexts(index),
    predicate: index.predicate,
    nullsNotDistinct: index.nullsNotDistinct,
    deferrable: constraint !== undefined && constraint.deferrable !== "no",
    ...place(address, ...nearest(table, columnsOf(index))),
  };
}

function nearest(table: string, columns: readonly string[]): readonly string[] {
  const places = columns.map((column) => `column ${table}.${qualifiedName(column)}`);
  return [...places.slice(0, 1), `relation ${table}`];
}

function columnsOf(index: Index): readonly string[] {
  return index.keys.flatMap(({ column }) => (column === null ? [] : [column]));
}

/** What a CHECK or EXCLUDE constraint demands, whether it is validated or not. */
export function checkText(check: CheckConstraint | ExclusionConstraint): string {
  return check.kind === "check" ? `CHECK (${check.expression})` : check.definition;
}

/** One text a key of an index: a column as `namePart` writes it, or an expression in parentheses. */
export function keyTexts(index: Index): readonly string[] {
  let texts = knownTexts.get(index);
  if (texts === undefined) {
    texts = index.keys.map(({ column, expression }) =>
      column === null ? `(${expression})` : qualifiedName(column),
    );
    knownTexts.set(index, texts);
  }
  return texts;
}

const knownTexts = new WeakMap<Index, readonly string[]>();

function labelPlaces(name: string, labels: readonly string[], { from }: Annotations) {
  if (from === undefined) return {};
  const type = from(`type ${name}`);
  const places = labels
    .map((label) => [label, from(`label ${name}.${qualifiedName(label)}`)] as const)
    .filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== type);
  return places.length === 0 ? {} : { labelFrom: Object.fromEntries(places) };
}

/** Tells whether a type of that qualified name stands under one of the columns. */
function usedTypes(
  tables: readonly ContractTable[],
  views: readonly ContractView[],
): (name: string) => boolean {
  const texts = new Set(
    [...tables, ...views].flatMap(({ columns }) =>
      columns.map(({ type }) => type.replaceAll("[]", "")),
    ),
  );
  return (name) => texts.has(name);
}
