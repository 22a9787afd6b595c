import { byId } from "../world/lookup.ts";
import type { Relation, TypeUse, World, WorldColumn } from "../world/model.ts";

/** A row of a catalog view, by column; only columns that a world can tell. Booleans are `true` and `false`. */
export type CatalogRow = Readonly<Record<string, string>>;

/** What a world tells of one system catalog; without the server's own objects. */
export interface CatalogTable {
  readonly columns: readonly string[];
  /** The column with the name of the relation that a row is about, and the one with its oid. */
  readonly relationName?: string;
  readonly relationOid?: string;
  /** The column with the name of the constraint that a row is about. */
  readonly constraintName?: string;
  /** The rows about these relations, and all about other objects. */
  readonly rows: (world: World, relations: readonly Relation[]) => readonly CatalogRow[];
}

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

const typtypes = {
  enum: "e",
  domain: "d",
  composite: "c",
  range: "r",
  multirange: "m",
  base: "b",
} as const;

/** Names of the SQL standard for built-in types that have one (information_schema.sql, data_type). */
const dataTypes: Readonly<Record<string, string>> = {
  bit: "bit",
  bool: "boolean",
  bpchar: "character",
  float4: "real",
  float8: "double precision",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  time: "time without time zone",
  timestamp: "timestamp without time zone",
  timestamptz: "timestamp with time zone",
  timetz: "time with time zone",
  varbit: "bit varying",
  varchar: "character varying",
};

const none: readonly CatalogRow[] = [];

/** The catalogs that migrations ask. An oid is the number that the world has for the object, a schema's is its name. */
const catalogs: Readonly<Record<string, CatalogTable>> = {
  "information_schema.columns": {
    columns: ["table_schema", "table_name", "column_name", "is_nullable", "data_type", "udt_name"],
    relationName: "table_name",
    rows: (world, relations) =>
      tables(relations)
        .filter(({ kind }) => kind !== "materialized view")
        .flatMap((table) => table.columns.map((column) => columnRow(world, table, column))),
  },
  "information_schema.schemata": {
    columns: ["schema_name"],
    rows: (world) => [...world.schemas].map((name) => ({ schema_name: name })),
  },
  "information_schema.sequences": {
    columns: ["sequence_schema", "sequence_name"],
    relationName: "sequence_name",
    rows: (_world, relations) =>
      ofKind(relations, "sequence").map(({ schema, name }) => ({
        sequence_schema: schema,
        sequence_name: name,
      })),
  },
  "information_schema.table_constraints": {
    columns: [
      "table_schema",
      "table_name",
      "constraint_schema",
      "constraint_name",
      "constraint_type",
    ],
    constraintName: "constraint_name",
    relationName: "table_name",
    rows: (world, relations) =>
      constraints(relations)
        .filter(({ kind }) => kind !== "exclusion" && (kind !== "not-null" || world.major >= 18))
        .map(({ table, name, kind }) => ({
          table_schema: table.schema,
          table_name: table.name,
          constraint_schema: table.schema,
          constraint_name: name,
          constraint_type: kind === "not-null" ? "CHECK" : contypes[kind][1],
        })),
  },
  "information_schema.tables": {
    columns: ["table_schema", "table_name", "table_type"],
    relationName: "table_name",
    rows: (_world, relations) =>
      tables(relations)
        .filter(({ kind }) => kind !== "materialized view")
        .map((table) => ({
          table_schema: table.schema,
          table_name: table.name,
          table_type:
            table.kind === "view" ? "VIEW" : table.kind === "foreign table" ? "FOREIGN" : baseTable,
        })),
  },
  "information_schema.triggers": {
    columns: ["trigger_schema", "trigger_name", "event_object_schema", "event_object_table"],
    relationName: "event_object_table",
    rows: (_world, relations) =>
      tables(relations).flatMap((table) =>
        table.triggers.map(({ name }) => ({
          trigger_schema: table.schema,
          trigger_name: name,
          event_object_schema: table.schema,
          event_object_table: table.name,
        })),
      ),
  },
  "information_schema.views": {
    columns: ["table_schema", "table_name"],
    relationName: "table_name",
    rows: (_world, relations) =>
      ofKind(relations, "view").map(({ schema, name }) => ({
        table_schema: schema,
        table_name: name,
      })),
  },
  pg_attribute: {
    columns: ["attrelid", "attname", "attnum", "attisdropped", "attnotnull"],
    relationOid: "attrelid",
    rows: (_world, relations) => relations.flatMap(attributeRows),
  },
  pg_class: {
    columns: ["oid", "relname", "relkind", "relnamespace"],
    relationName: "relname",
    relationOid: "oid",
    rows: (_world, relations) =>
      relations.map(({ id, schema, name, kind }) => ({
        oid: String(id),
        relname: name,
        relkind: relkinds[kind],
        relnamespace: schema,
      })),
  },
  pg_constraint: {
    columns: ["conname", "contype", "conrelid", "connamespace", "convalidated"],
    relationOid: "conrelid",
    constraintName: "conname",
    rows: (_world, relations) =>
      constraints(relations).map(({ table, name, kind, valid }) => ({
        conname: name,
        contype: contypes[kind][0],
        conrelid: String(table.id),
        connamespace: table.schema,
        convalidated: String(valid),
      })),
  },
  pg_enum: {
    columns: ["enumtypid", "enumlabel"],
    rows: (world) =>
      [...world.types.values()].flatMap(({ id, labels }) =>
        labels.map((label) => ({ enumtypid: String(id), enumlabel: label })),
      ),
  },
  pg_extension: {
    columns: ["extname"],
    rows: (world) => [...world.extensions].map((name) => ({ extname: name })),
  },
  pg_indexes: {
    columns: ["schemaname", "tablename", "indexname"],
    relationName: "indexname",
    rows: (world, relations) =>
      relations.flatMap((index) => {
        const table = index.index && byId(world, index.index.table);
        if (table === undefined) return none;
        return [{ schemaname: index.schema, tablename: table.name, indexname: index.name }];
      }),
  },
  pg_matviews: {
    columns: ["schemaname", "matviewname"],
    relationName: "matviewname",
    rows: (_world, relations) =>
      ofKind(relations, "materialized view").map(({ schema, name }) => ({
        schemaname: schema,
        matviewname: name,
      })),
  },
  pg_namespace: {
    columns: ["oid", "nspname"],
    rows: (world) => [...world.schemas].map((name) => ({ oid: name, nspname: name })),
  },
  pg_policies: {
    columns: ["schemaname", "tablename", "policyname"],
    relationName: "tablename",
    rows: (_world, relations) =>
      tables(relations).flatMap((table) =>
        table.policies.map(({ name }) => ({
          schemaname: table.schema,
          tablename: table.name,
          policyname: name,
        })),
      ),
  },
  pg_policy: {
    columns: ["polname", "polrelid"],
    relationOid: "polrelid",
    rows: (_world, relations) =>
      tables(relations).flatMap((table) =>
        table.policies.map(({ name }) => ({ polname: name, polrelid: String(table.id) })),
      ),
  },
  pg_proc: {
    columns: ["proname", "pronamespace"],
    rows: (world) =>
      [...world.routines.values()].flat().map(({ schema, name }) => ({
        proname: name,
        pronamespace: schema,
      })),
  },
  pg_tables: {
    columns: ["schemaname", "tablename"],
    relationName: "tablename",
    rows: (_world, relations) =>
      [...ofKind(relations, "table"), ...ofKind(relations, "partitioned table")].map(
        ({ schema, name }) => ({ schemaname: schema, tablename: name }),
      ),
  },
  pg_trigger: {
    columns: ["tgname", "tgrelid"],
    relationOid: "tgrelid",
    rows: (_world, relations) =>
      tables(relations).flatMap((table) =>
        table.triggers.map(({ name }) => ({ tgname: name, tgrelid: String(table.id) })),
      ),
  },
  pg_type: {
    columns: ["oid", "typname", "typnamespace", "typtype"],
    rows: (world, relations) => [
      ...[...world.types.values()].map(({ id, schema, name, kind }) => ({
        oid: String(id),
        typname: name,
        typnamespace: schema,
        typtype: typtypes[kind],
      })),
      ...tables(relations).map(({ id, schema, name }) => ({
        oid: `row type of ${id}`,
        typname: name,
        typnamespace: schema,
        typtype: "c",
      })),
    ],
  },
  pg_views: {
    columns: ["schemaname", "viewname"],
    relationName: "viewname",
    rows: (_world, relations) =>
      ofKind(relations, "view").map(({ schema, name }) => ({ schemaname: schema, viewname: name })),
  },
};

const baseTable = "BASE TABLE";

/** What the world tells of a catalog; undefined for one that is not told. */
export function catalogTable(schema: string | undefined, name: string): CatalogTable | undefined {
  const key = schema === "information_schema" ? `${schema}.${name}` : name;
  const known = schema === undefined || schema === "pg_catalog" || schema === "information_schema";
  return known && Object.hasOwn(catalogs, key) ? catalogs[key] : undefined;
}

const tableKinds: ReadonlySet<string> = new Set([
  "table",
  "partitioned table",
  "foreign table",
  "view",
  "materialized view",
]);

function tables(relations: readonly Relation[]): readonly Relation[] {
  return relations.filter(({ kind }) => tableKinds.has(kind));
}

function ofKind(relations: readonly Relation[], wanted: Relation["kind"]): readonly Relation[] {
  return relations.filter(({ kind }) => kind === wanted);
}

function constraints(relations: readonly Relation[]) {
  return tables(relations).flatMap((table) =>
    table.constraints.map(({ name, kind, valid }) => ({ table, name, kind, valid })),
  );
}

/** Columns that every table has besides its own (sysattr.h). */
const systemColumns: Readonly<Record<string, number>> = {
  ctid: -1,
  xmin: -2,
  cmin: -3,
  xmax: -4,
  cmax: -5,
  tableoid: -6,
};

function attributeRows({ id, kind, columns }: Relation): readonly CatalogRow[] {
  const own = columns.map(({ name, number, notNull }) => ({
    attrelid: String(id),
    attname: name,
    attnum: String(number),
    attisdropped: "false",
    attnotnull: String(notNull),
  }));
  if (!tableKinds.has(kind) || kind === "view") return own;
  const system = Object.entries(systemColumns).map(([name, number]) => ({
    attrelid: String(id),
    attname: name,
    attnum: String(number),
    attisdropped: "false",
    attnotnull: "true",
  }));
  return [...own, ...system];
}

function columnRow(world: World, table: Relation, column: WorldColumn): CatalogRow {
  const common = {
    table_schema: table.schema,
    table_name: table.name,
    column_name: column.name,
    is_nullable: column.notNull ? "NO" : "YES",
  };
  if (!column.typeKnown || column.type.schema === undefined) return common;
  const base = baseOf(world, column.type);
  return {
    ...common,
    data_type: dataType(base),
    udt_name: base.array ? `_${base.name}` : base.name,
  };
}

/** What a column of a domain is shown as: the type below. */
function baseOf(world: World, type: TypeUse): TypeUse {
  if (type.array || type.schema === "pg_catalog") return type;
  const found = [...world.types.values()].find(
    ({ schema, name }) => schema === type.schema && name === type.name,
  );
  return found?.domain === undefined ? type : baseOf(world, found.domain.base);
}

function dataType({ schema, name, array }: TypeUse): string {
  if (array) return "ARRAY";
  return schema === "pg_catalog" ? (dataTypes[name] ?? name) : "USER-DEFINED";
}
