import { sqlState, type Queryable } from "../pg/index.ts";

/** A relation or type by name. */
export interface ObjectName {
  readonly schema: string;
  readonly name: string;
  /** True to find it through `search_path` instead, as statements without a schema do. */
  readonly unqualified?: boolean;
}

/** The catalog rows of some objects as they are in one moment; opaque but for equality. */
export interface CatalogStamp {
  readonly path: readonly string[];
  readonly relations: readonly number[];
  readonly types: readonly number[];
  readonly schemas: readonly number[];
  readonly stamp: string;
}

/**
 * Stamps the catalog rows of the named objects. Take it before the catalog is compared: DDL in between then makes
 * the stamp stale, never the verdict. Undefined when the ledger with its functions is not installed.
 */
export async function stampCatalog(
  database: Queryable,
  objects: { readonly relations: readonly ObjectName[]; readonly types: readonly ObjectName[] },
): Promise<CatalogStamp | undefined> {
  const there = await database.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regprocedure('lockstep.catalog_stamp(oid[],oid[],oid[],text[])') IS NOT NULL AS there",
  );
  if (there.rows[0]?.there !== true) return undefined;
  const { rows } = await database.query<CatalogStamp & { path: string[] }>(
    `WITH found AS (
       SELECT pg_catalog.current_schemas(false)::text[] AS path,
         ARRAY(SELECT c.oid FROM pg_catalog.json_to_recordset($1::json) AS w (schema text, name text, unqualified boolean)
           JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(
             CASE WHEN w.unqualified THEN '' ELSE pg_catalog.quote_ident(w.schema) || '.' END || pg_catalog.quote_ident(w.name))) AS relations,
         ARRAY(SELECT t.oid FROM pg_catalog.json_to_recordset($2::json) AS w (schema text, name text)
           JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
           JOIN pg_catalog.pg_type t ON t.typnamespace = n.oid AND t.typname = w.name) AS types
     ), placed AS (
       SELECT found.*, ARRAY(SELECT DISTINCT relnamespace FROM pg_catalog.pg_class WHERE oid = ANY (relations)) AS schemas FROM found
     )
     SELECT path, relations::int8[]::float8[] AS relations, types::int8[]::float8[] AS types, schemas::int8[]::float8[] AS schemas,
       lockstep.catalog_stamp(relations, types, schemas, path) AS stamp FROM placed`,
    [JSON.stringify(objects.relations), JSON.stringify(objects.types)],
  );
  return rows[0]!;
}

/**
 * Records that a contract was compared with the catalog of that stamp and fits, so that instances of the release
 * start without comparing again. Silent when this role may not write the ledger: it only saves time.
 */
export async function recordFit(
  database: Queryable,
  contractHash: string,
  { path, relations, types, schemas, stamp }: CatalogStamp,
): Promise<void> {
  try {
    await database.query(
      `INSERT INTO lockstep.verified (contract_hash, search_path, relations, types, schemas, stamp, by_instance)
       VALUES ($1, pg_catalog.array_to_string($2::text[], ','), $3::oid[], $4::oid[], $5::oid[], $6, false)
       ON CONFLICT (contract_hash, search_path) DO UPDATE SET relations = EXCLUDED.relations,
         types = EXCLUDED.types, schemas = EXCLUDED.schemas, stamp = EXCLUDED.stamp, by_instance = false, verified_at = pg_catalog.now()`,
      [contractHash, path, relations, types, schemas, stamp],
    );
  } catch (error) {
    // insufficient_privilege, read_only_sql_transaction
    if (sqlState(error) !== "42501" && sqlState(error) !== "25006") throw error;
  }
}
