import type { Session } from "../../pg/index.ts";

/**
 * A text that stays the same exactly as long as nobody writes to a system catalog or changes a row: much faster than
 * reading both. What writes the same again (`CREATE OR REPLACE`) changes it.
 */
export async function signature(session: Session): Promise<string> {
  const [[catalogs, tables]] = (await session.queryArrays(signatureSql)) as [[string, string[]]];
  const sums = tables.map(
    (name) =>
      `SELECT pg_catalog.md5(pg_catalog.string_agg(one::text, ',' ORDER BY one::text)) FROM ONLY ${name} AS one`,
  );
  const rows = sums.length === 0 ? [] : await session.queryArrays(sums.join("\nUNION ALL\n"));
  return JSON.stringify([catalogs, tables, rows]);
}

/** Objects of users begin at FirstNormalObjectId (transam.h); what hangs on them is counted by its own version. */
const versions = [
  ...[
    "pg_class",
    "pg_constraint",
    "pg_trigger",
    "pg_proc",
    "pg_type",
    "pg_attrdef",
    "pg_rewrite",
    "pg_policy",
    "pg_namespace",
    "pg_enum",
    "pg_statistic_ext",
    "pg_publication_rel",
    "pg_extension",
  ].map((name) => `SELECT '${name}', oid, 0, xmin FROM pg_catalog.${name} WHERE oid >= 16384`),
  "SELECT 'column', attrelid, attnum, xmin FROM pg_catalog.pg_attribute WHERE attrelid >= 16384",
  "SELECT 'index', indexrelid, 0, xmin FROM pg_catalog.pg_index WHERE indexrelid >= 16384",
  "SELECT 'sequence', seqrelid, 0, xmin FROM pg_catalog.pg_sequence",
  "SELECT 'inheritance', inhrelid, inhparent::pg_catalog.int8, xmin FROM pg_catalog.pg_inherits",
  "SELECT 'comment', objoid, objsubid, xmin FROM pg_catalog.pg_description WHERE objoid >= 16384",
];

const signatureSql = `
  SELECT (SELECT pg_catalog.md5(pg_catalog.string_agg(v::text, ',' ORDER BY v::text)) FROM (${versions.join("\nUNION ALL\n")}) AS v),
         ARRAY(SELECT pg_catalog.format('%I.%I', s.nspname, c.relname)
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
                WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND s.nspname <> 'information_schema' AND s.nspname !~ '^pg_'
                ORDER BY 1)`;
