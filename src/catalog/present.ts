/**
 * What stands in schemas that people made, of the kinds that most databases have none of: to plan a query for each of them
 * takes a server longer than to read all tables of a small schema.
 */
const conditions = {
  enums: `SELECT FROM pg_catalog.pg_type, own WHERE typnamespace = ANY (own.schemas) AND typtype = 'e'`,
  domains: `SELECT FROM pg_catalog.pg_type, own WHERE typnamespace = ANY (own.schemas) AND typtype = 'd'`,
  rangeTypes: `SELECT FROM pg_catalog.pg_type, own WHERE typnamespace = ANY (own.schemas) AND typtype = 'r'`,
  routines: `SELECT FROM pg_catalog.pg_proc, own WHERE pronamespace = ANY (own.schemas) AND prokind <> 'a'`,
  aggregates: `SELECT FROM pg_catalog.pg_proc, own WHERE pronamespace = ANY (own.schemas) AND prokind = 'a'`,
  triggers: `SELECT FROM pg_catalog.pg_trigger WHERE NOT tgisinternal OR tgparentid <> 0`,
  policies: `SELECT FROM pg_catalog.pg_policy`,
  rules: `SELECT FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class, own
    WHERE w.rulename <> '_RETURN' AND c.relnamespace = ANY (own.schemas)`,
  statistics: `SELECT FROM pg_catalog.pg_statistic_ext`,
  comments: `SELECT FROM pg_catalog.pg_description WHERE objoid >= 16384`,
  relationGrants: `SELECT FROM pg_catalog.pg_class, own WHERE relnamespace = ANY (own.schemas) AND relacl IS NOT NULL`,
  routineGrants: `SELECT FROM pg_catalog.pg_proc, own WHERE pronamespace = ANY (own.schemas) AND proacl IS NOT NULL`,
  typeGrants: `SELECT FROM pg_catalog.pg_type, own WHERE typnamespace = ANY (own.schemas) AND typacl IS NOT NULL`,
} as const;

/** A part of the catalog, or objects of a kind on which somebody was granted or refused something. */
export type Presence = keyof typeof conditions;

/** What can be left out of queries, were it not for this: it is not there. */
export function isOptional(part: string): part is Presence {
  return part in conditions;
}

/** An expression: JSON with the names of all that is there, as text. */
export const presentSql = `(WITH own AS (
    SELECT coalesce(array_agg(oid), '{}') AS schemas FROM pg_catalog.pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
  SELECT json_build_array(${Object.entries(conditions)
    .map(([name, rows]) => `CASE WHEN EXISTS (${rows}) THEN '${name}' END`)
    .join(",\n    ")}))::text`;
