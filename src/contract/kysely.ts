import { relative, resolve } from "node:path";
import { qualifiedName, type Column, type Table } from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { Scratch } from "../scratch/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { SchemaCatalog } from "./build.ts";
import { snakeCase, type CamelCaseOptions } from "./camel-case.ts";
import { placeTypes } from "./enum-places.ts";
import type { Annotations, ContractCatalog } from "./from-catalog.ts";
import { comesByItself, narrowColumn, withLabels, withoutColumns } from "./kysely-narrowed.ts";
import { readKyselyTypes, type KyselyColumn, type KyselyTable } from "./kysely-types.ts";
import { statementsOf } from "./origins.ts";
import { catalogOnScratch } from "./scratch-ddl.ts";

export interface KyselyOptions {
  /** Modules that export the interface that `new Kysely<…>()` takes, absolute or relative to `root`. */
  readonly files: readonly string[];
  readonly root: string;
  /** True or its options when the application uses Kysely's CamelCasePlugin. */
  readonly camelCase?: boolean | CamelCaseOptions | undefined;
  /** Where tables live whose names have no schema, `public` by default (`withSchema`). */
  readonly defaultSchema?: string | undefined;
  /** The release's migrations: what types cannot tell is as these make it. */
  readonly folder?: MigrationFolder | undefined;
}

interface Named extends Omit<KyselyTable, "columns"> {
  /** In the database, `schema.table`. */
  readonly qualified: string;
  readonly own: { readonly schema: string; readonly name: string };
  readonly columns: readonly KyselyColumn[] | undefined;
}

/**
 * What Kysely's types tell of the tables, over what the migrations make of them: names and whether a value may be missing are
 * the types', and so is a column's type where it contradicts the migrations'. Without migrations nothing else is known.
 * @throws LockstepError `contract-source`
 */
export async function loadKysely(options: KyselyOptions, scratch: Scratch): Promise<SchemaCatalog> {
  const tables = namedTables(options);
  const { folder } = options;
  const statements = folder === undefined ? [] : await statementsOf(folder);
  const migrated = await catalogOnScratch(scratch, statements);
  const catalog = narrowed(migrated, tables);
  return { catalog, annotations: annotationsOf(tables, migrated, catalog) };
}

function namedTables({ files, root, camelCase = false, defaultSchema = "public" }: KyselyOptions) {
  const paths = files.map((file) => resolve(root, file));
  const tables = readKyselyTypes(paths, root);
  if (tables === undefined || tables.length === 0) throw noInterface(paths, root);
  const plugin = camelCase === true ? {} : camelCase;
  const inDatabase = (name: string) => (plugin === false ? name : snakeCase(name, plugin));
  return tables.map((table): Named => {
    const own = {
      schema: table.schema === undefined ? defaultSchema : inDatabase(table.schema),
      name: inDatabase(table.name),
    };
    return {
      ...table,
      own,
      qualified: qualifiedName(own.schema, own.name),
      columns: table.columns?.map((column) => ({ ...column, name: inDatabase(column.name) })),
    };
  });
}

/** The migrated catalog as the types have it: their tables and columns, with everything else that hangs on them. */
function narrowed(migrated: ContractCatalog, tables: readonly Named[]): ContractCatalog {
  const result = {
    ...migrated,
    schemas: [...migrated.schemas],
    tables: { ...migrated.tables },
    views: { ...migrated.views },
    materializedViews: { ...migrated.materializedViews },
  };
  for (const { qualified, own, columns } of tables) {
    const { [qualified]: table } = migrated.tables;
    const { [qualified]: view } = migrated.views;
    const { [qualified]: materialized } = migrated.materializedViews;
    if (columns === undefined) continue;
    const known = new Set(columns.map(({ name }) => name));
    const read = <Of extends { readonly columns: readonly { readonly name: string }[] }>(
      of: Of,
    ) => ({
      ...of,
      columns: of.columns.filter(({ name }) => known.has(name)),
    });
    if (view !== undefined) result.views[qualified] = read(view);
    else if (materialized !== undefined) result.materializedViews[qualified] = read(materialized);
    else result.tables[qualified] = narrowTable(table ?? emptyTable(own), columns, migrated);
    if (!result.schemas.some(({ name }) => name === own.schema))
      result.schemas.push({ name: own.schema });
  }
  return withLabels(result, tables);
}

function narrowTable(
  table: Table,
  columns: readonly KyselyColumn[],
  migrated: ContractCatalog,
): Table {
  const told = new Map(columns.map((column) => [column.name, column]));
  const gone = table.columns.filter(({ name }) => !told.has(name)).map(({ name }) => name);
  const kept = table.columns.flatMap((column): readonly Column[] => {
    const one = told.get(column.name);
    return one === undefined ? [] : [narrowColumn(one, column, migrated)];
  });
  const there = new Set(kept.map(({ name }) => name));
  const added = columns
    .filter(({ name }) => !there.has(name))
    .map((column, at) => narrowColumn(column, kept.length + at + 1, migrated));
  return withoutColumns({ ...table, columns: [...kept, ...added], partitionOf: null }, gone);
}

/** A table of which only the columns are known. */
function emptyTable({ schema, name }: Named["own"]): Table {
  return {
    schema,
    name,
    kind: "table",
    persistence: "permanent",
    columns: [],
    constraints: [],
    indexes: [],
    inherits: [],
    partitionKey: null,
    partitionOf: null,
    rowSecurity: false,
    forceRowSecurity: false,
    replicaIdentity: { kind: "default", index: null },
    options: {},
    foreign: null,
  };
}

function annotationsOf(
  tables: readonly Named[],
  migrated: ContractCatalog,
  catalog: ContractCatalog,
): Annotations {
  const named = new Map(tables.map((one) => [one.qualified, one]));
  const columns = new Map(
    tables.flatMap(({ qualified, columns: list = [] }) =>
      list.map((one) => [`${qualified}.${qualifiedName(one.name)}`, one] as const),
    ),
  );
  const places = new Map<string, string>([
    ...tables.map(({ qualified, from }) => [`relation ${qualified}`, from] as const),
    ...[...columns].map(([name, { from }]) => [`column ${name}`, from] as const),
  ]);
  placeTypes(catalog, places);
  return {
    from: (address) => places.get(address),
    column: (table, name) => {
      const told = columns.get(`${table}.${qualifiedName(name)}`);
      if (told === undefined) return undefined;
      const column = catalog.tables[table]?.columns.find((one) => one.name === name);
      const isFilled =
        column !== undefined &&
        (column.default !== null || column.identity !== null || column.generated !== null);
      // Types call a column that only the database writes by the same name as one with a default.
      const isLeft = told.insert === "default" && !isFilled;
      return {
        supplied: told.insert === "always",
        values: told.labels,
        ...(told.insert === "never" || isLeft ? { given: false } : {}),
        ...(isLeft && !told.nullable ? { filled: true } : {}),
        ...(column !== undefined && comesByItself(told, column.type) ? { reads: "driver" } : {}),
      };
    },
    ordered: (type) => catalog.enums[type]?.labels.join() === migrated.enums[type]?.labels.join(),
    wanted: (relation) => named.has(relation),
    unqualified: (relation) => named.get(relation)?.schema === undefined,
    columnsOnly: (relation) => migrated.tables[relation] === undefined,
  };
}

function noInterface(files: readonly string[], root: string): LockstepError {
  const shown = files.map((file) => relative(root, file)).join(", ");
  return new LockstepError("contract-source", {
    what: `${shown} exports no interface of a database for Kysely`,
    expected: "an exported interface DB or Database whose members are the tables' interfaces",
    found: "no such interface, or one without members",
    from: shown,
    why: "another module holds the types, or they were not generated",
    next: ["npx kysely-codegen --out-file src/db.d.ts", "name that file: contract: { kysely: … }"],
  });
}
