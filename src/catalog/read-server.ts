import { LockstepError } from "../errors/index.ts";
import type { Extension, Schema } from "./model.ts";
import { namePart, namePrinter, type QualifiedName } from "./names.ts";

/** Lockstep's own tables are never part of what it compares. */
const ownSchema = "lockstep";

/** An operator class as indexes use it. */
export interface OperatorClass {
  readonly name: QualifiedName;
  /** True when it is the default of its own input type. */
  readonly isDefault: boolean;
  /** Input type: schema and name with a dot between, never quoted. */
  readonly input: string;
}

/** What every other query needs to know: version, names behind oids, which schemas are read. */
export interface ServerFacts {
  readonly major: number;
  /** Prints a name as the server's deparser would. */
  readonly print: (name: string) => string;
  /** Schema names by oid, system schemas included. */
  readonly schemaNames: ReadonlyMap<number, string>;
  /** Oids of the schemas that are read. */
  readonly schemaOids: readonly number[];
  readonly schemas: readonly (Schema & { readonly oid: number })[];
  readonly extensions: readonly (Extension & { readonly oid: number })[];
  /** Access methods of indexes by oid. */
  readonly indexMethods: ReadonlyMap<number, string>;
  readonly operatorClasses: ReadonlyMap<number, OperatorClass>;
  /** Oid of the index method, blank, input type: pairs for which there is a default class. */
  readonly defaultClasses: ReadonlySet<string>;
  /** Collations that columns' indexes use, by oid. */
  readonly collations: ReadonlyMap<number, QualifiedName>;
}

/**
 * One row, each list as JSON text so that no client's type parsers get between. JSON knows oids only as
 * text, hence the casts.
 */
export const serverSql = `
SELECT current_setting('server_version_num')::int AS version,
  (SELECT json_agg(word) FROM pg_catalog.pg_get_keywords() WHERE catcode <> 'U')::text AS keywords,
  (SELECT json_agg(json_build_array(oid::int8, nspname) ORDER BY nspname COLLATE "C") FROM pg_catalog.pg_namespace
    WHERE nspname !~ '^pg_(toast_|temp_|toast$)')::text AS schemas,
  (SELECT json_agg(json_build_array(oid::int8, extname, extnamespace::int8, extversion) ORDER BY extname COLLATE "C")
    FROM pg_catalog.pg_extension)::text AS extensions,
  (SELECT json_agg(objid::int8) FROM pg_catalog.pg_depend
    WHERE classid = 'pg_catalog.pg_namespace'::regclass AND deptype = 'e')::text AS extension_schemas,
  (SELECT json_agg(json_build_array(oid::int8, amname)) FROM pg_catalog.pg_am WHERE amtype = 'i')::text
    AS index_methods,
  (SELECT json_agg(json_build_array(o.oid::int8, o.opcname, o.opcnamespace::int8, o.opcdefault,
      o.opcmethod::int8, t.typnamespace::int8, t.typname))
    FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_type t ON t.oid = o.opcintype)::text AS operator_classes,
  (SELECT json_agg(json_build_array(oid::int8, collname, collnamespace::int8)) FROM pg_catalog.pg_collation
    WHERE oid IN (SELECT unnest(indcollation) FROM pg_catalog.pg_index))::text AS collations`;

export interface ServerRow {
  readonly version: number | string;
  readonly keywords: string;
  readonly schemas: string;
  readonly extensions: string | null;
  readonly extension_schemas: string | null;
  readonly index_methods: string;
  readonly operator_classes: string;
  readonly collations: string | null;
}

/**
 * @param wanted names of the schemas to read; all but the system's when undefined
 * @param ignored names of schemas to leave out
 * @throws LockstepError `database-unsupported` before Postgres 14
 */
export function readServer(
  row: ServerRow,
  wanted: readonly string[] | undefined,
  ignored: ReadonlySet<string>,
): ServerFacts {
  const major = Math.floor(Number(row.version) / 10_000);
  if (major < 14) throw unsupported(major);
  const schemas = parse<[number, string]>(row.schemas);
  const schemaNames = new Map(schemas);
  const fromExtensions = new Set(parse<number>(row.extension_schemas));
  const limit = wanted === undefined ? undefined : new Set(wanted);
  const read = schemas.filter(
    ([oid, name]) =>
      !isSystemSchema(name) &&
      name !== ownSchema &&
      !ignored.has(name) &&
      !fromExtensions.has(oid) &&
      (limit === undefined || limit.has(name)),
  );
  const outsideCatalog = (schema: number, name: string): QualifiedName => {
    const schemaName = schemaNames.get(schema) ?? String(schema);
    return schemaName === "pg_catalog"
      ? namePart(name)
      : `${namePart(schemaName)}.${namePart(name)}`;
  };
  const classes = parse<ClassItem>(row.operator_classes);
  return {
    major,
    print: namePrinter(new Set(parse<string>(row.keywords))),
    schemaNames,
    schemaOids: read.map(([oid]) => oid),
    schemas: read.map(([oid, name]) => ({ oid, name })),
    extensions: parse<[number, string, number, string]>(row.extensions).map(
      ([oid, name, schema, version]) => ({
        oid,
        name,
        schema: schemaNames.get(schema) ?? "",
        version,
      }),
    ),
    indexMethods: new Map(parse<[number, string]>(row.index_methods)),
    operatorClasses: new Map(
      classes.map(([oid, name, schema, isDefault, , inputSchema, input]) => [
        oid,
        {
          name: outsideCatalog(schema, name),
          isDefault,
          input: `${schemaNames.get(inputSchema)}.${input}`,
        },
      ]),
    ),
    defaultClasses: new Set(
      classes
        .filter(([, , , isDefault]) => isDefault)
        .map(([, , , , method, schema, input]) => `${method} ${schemaNames.get(schema)}.${input}`),
    ),
    collations: new Map(
      parse<[number, string, number]>(row.collations).map(([oid, name, schema]) => [
        oid,
        outsideCatalog(schema, name),
      ]),
    ),
  };
}

/** oid, name, schema, is default, index method, input type's schema and name. */
type ClassItem = readonly [number, string, number, boolean, number, number, string];

/** Postgres reserves the prefix pg_ for its own schemas (manual 5.10.5). */
function isSystemSchema(name: string): boolean {
  return name.startsWith("pg_") || name === "information_schema";
}

function parse<Item>(text: string | null): readonly Item[] {
  return text === null ? [] : (JSON.parse(text) as readonly Item[]);
}

function unsupported(major: number): LockstepError {
  return new LockstepError("database-unsupported", {
    what: `Postgres ${major} is too old for Lockstep`,
    expected: "Postgres 14 or newer",
    found: `Postgres ${major}`,
    why: "its catalogs lack what a comparison needs, and it no longer gets security fixes",
    next: ["upgrade the server to a supported major version"],
  });
}
