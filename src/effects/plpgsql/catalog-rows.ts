import { byId } from "../world/lookup.ts";
import type { Relation, World } from "../world/model.ts";

/** A row of a catalog view, by column; only columns that a world can tell. */
export type CatalogRow = Readonly<Record<string, string>>;

const relkinds: Readonly<Record<Relation["kind"], string>> = {
  table: "r",
  "partitioned table": "p",
  "foreign table": "f",
  view: "v",
  "materialized view": "m",
  index: "i",
  "partitioned index": "I",
  sequence: "S",
  "composite type": "c",
  "toast table": "t",
};

const contypes = {
  check: ["c", "CHECK"],
  "not-null": ["n", "NOT NULL"],
  "primary-key": ["p", "PRIMARY KEY"],
  unique: ["u", "UNIQUE"],
  exclusion: ["x", "EXCLUDE"],
  "foreign-key": ["f", "FOREIGN KEY"],
} as const;

type Rows = (world: World) => readonly CatalogRow[];

/** What the catalogs that migrations ask hold, from a world; without system objects. */
const catalogs: Readonly<Record<string, Rows>> = {
  "information_schema.columns": (world) =>
    tables(world).flatMap((table) =>
      table.columns.map(({ name, notNull }) => ({
        table_schema: table.schema,
        table_name: table.name,
        column_name: name,
        is_nullable: notNull ? "NO" : "YES",
      })),
    ),
  "information_schema.schemata": (world) =>
    [...world.schemas].map((name) => ({ schema_name: name })),
  "information_schema.table_constraints": (world) =>
    constraints(world).map(({ table, name, kind }) => ({
      table_schema: table.schema,
      table_name: table.name,
      constraint_schema: table.schema,
      constraint_name: name,
      constraint_type: contypes[kind][1],
    })),
  "information_schema.tables": (world) =>
    tables(world)
      .filter(({ kind }) => kind !== "materialized view")
      .map((table) => ({ table_schema: table.schema, table_name: table.name })),
  pg_attribute: (world) =>
    tables(world).flatMap((table) =>
      table.columns.map(({ name }) => ({
        attrelid: String(table.id),
        attname: name,
        attisdropped: "false",
      })),
    ),
  pg_class: (world) =>
    [...world.relations.values()].map(({ id, name, kind }) => ({
      oid: String(id),
      relname: name,
      relkind: relkinds[kind],
    })),
  pg_constraint: (world) =>
    constraints(world).map(({ table, name, kind }) => ({
      conname: name,
      contype: contypes[kind][0],
      conrelid: String(table.id),
    })),
  pg_extension: (world) => [...world.extensions].map((name) => ({ extname: name })),
  pg_indexes: (world) =>
    [...world.relations.values()].flatMap((index) => {
      const table = index.index && byId(world, index.index.table);
      if (table === undefined) return [];
      return { schemaname: index.schema, tablename: table.name, indexname: index.name };
    }),
  pg_namespace: (world) => [...world.schemas].map((name) => ({ nspname: name })),
  pg_policies: (world) =>
    tables(world).flatMap((table) =>
      table.policies.map(({ name }) => ({
        schemaname: table.schema,
        tablename: table.name,
        policyname: name,
      })),
    ),
  pg_proc: (world) => [...world.routines.values()].flat().map(({ name }) => ({ proname: name })),
  pg_tables: (world) =>
    tables(world)
      .filter(({ kind }) => kind === "table" || kind === "partitioned table")
      .map(({ schema, name }) => ({ schemaname: schema, tablename: name })),
  pg_trigger: (world) =>
    tables(world).flatMap((table) =>
      table.triggers.map(({ name }) => ({ tgname: name, tgrelid: String(table.id) })),
    ),
  pg_type: (world) =>
    [...world.types.values(), ...tables(world)].map(({ name }) => ({ typname: name })),
  pg_views: (world) =>
    tables(world)
      .filter(({ kind }) => kind === "view")
      .map(({ schema, name }) => ({ schemaname: schema, viewname: name })),
};

/** Rows of a catalog; undefined for one that is not told. */
export function catalogRows(
  world: World,
  schema: string | undefined,
  name: string,
): readonly CatalogRow[] | undefined {
  const key = schema === "information_schema" ? `${schema}.${name}` : name;
  const known = schema === undefined || schema === "pg_catalog" || schema === "information_schema";
  return known ? catalogs[key]?.(world) : undefined;
}

function tables(world: World): readonly Relation[] {
  const kinds: ReadonlySet<string> = new Set([
    "table",
    "partitioned table",
    "foreign table",
    "view",
    "materialized view",
  ]);
  return [...world.relations.values()].filter(({ kind }) => kinds.has(kind));
}

function constraints(world: World) {
  return tables(world).flatMap((table) =>
    table.constraints.map(({ name, kind }) => ({ table, name, kind })),
  );
}
