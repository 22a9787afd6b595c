/*
 * Queries of `readWorld` about who may do what, and about what belongs to the server. Oids come as numbers.
 */

/** Privileges of one role other than the owner. */
export interface GrantRow {
  readonly kind: "relation" | "routine" | "schema";
  readonly object: number;
  /** Number of the column; 0 for the object as a whole. */
  readonly column: number;
  /** Null for everybody. */
  readonly grantee: string | null;
  readonly privileges: readonly string[];
}

/** One query for all that have an access list; a routine without one may be run by everybody (acl.c, acldefault). */
export const grantsSql = (visible: string): string => `
SELECT o.kind, o.object, o.column, r.rolname AS grantee,
  array_agg(DISTINCT a.privilege_type ORDER BY a.privilege_type) AS privileges
FROM (
  SELECT 'relation' AS kind, oid AS object, 0 AS column, relacl AS list, relowner AS owner
  FROM pg_catalog.pg_class WHERE relnamespace IN (${visible}) AND relacl IS NOT NULL
  UNION ALL
  SELECT 'relation', c.oid, t.attnum, t.attacl, c.relowner
  FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid
  WHERE c.relnamespace IN (${visible}) AND t.attacl IS NOT NULL AND NOT t.attisdropped
  UNION ALL
  SELECT 'routine', oid, 0, coalesce(proacl, pg_catalog.acldefault('f', proowner)), proowner
  FROM pg_catalog.pg_proc WHERE pronamespace IN (${visible})
  UNION ALL
  SELECT 'schema', oid, 0, nspacl, nspowner
  FROM pg_catalog.pg_namespace WHERE oid IN (${visible}) AND nspacl IS NOT NULL
) o CROSS JOIN pg_catalog.aclexplode(o.list) a
LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
WHERE a.grantee <> o.owner
GROUP BY o.kind, o.object, o.column, r.rolname
ORDER BY o.object, o.column, r.rolname`;

/** One role of one entry of ALTER DEFAULT PRIVILEGES; without privileges for an entry that gives nobody anything. */
export interface DefaultGrantRow {
  readonly owner: string;
  readonly schema: string | null;
  readonly objects: string;
  readonly grantee: string | null;
  readonly privileges: readonly string[] | null;
}

export const defaultGrantsSql = `
SELECT pg_catalog.pg_get_userbyid(d.defaclrole) AS owner, n.nspname AS schema, d.defaclobjtype AS objects,
  r.rolname AS grantee, array_agg(a.privilege_type ORDER BY a.privilege_type)
    FILTER (WHERE a.privilege_type IS NOT NULL) AS privileges
FROM pg_catalog.pg_default_acl d
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
LEFT JOIN LATERAL pg_catalog.aclexplode(d.defaclacl) a ON a.grantee <> d.defaclrole
LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
GROUP BY d.oid, d.defaclrole, n.nspname, d.defaclobjtype, r.rolname, a.grantee
ORDER BY d.oid, r.rolname`;

/** A role, tablespace or access method. */
export interface ServerRow {
  readonly kind: "running" | "role" | "tablespace" | "own tablespace" | "access method";
  readonly name: string;
}

export const serverSql = `
SELECT 'running' AS kind, current_user::text AS name
UNION ALL SELECT 'role', rolname FROM pg_catalog.pg_roles
UNION ALL SELECT 'tablespace', spcname FROM pg_catalog.pg_tablespace
UNION ALL SELECT 'own tablespace', s.spcname
  FROM pg_catalog.pg_database d JOIN pg_catalog.pg_tablespace s ON s.oid = d.dattablespace
  WHERE d.datname = pg_catalog.current_database()
UNION ALL SELECT 'access method', amname FROM pg_catalog.pg_am`;

/** A publication, once for each table and schema that it names. */
export interface PublicationRow {
  readonly name: string;
  readonly all_tables: boolean;
  readonly schema: string | null;
  readonly table: number | null;
  readonly columns: readonly number[] | null;
  readonly filter: string | null;
}

/** Column lists, row filters and schemas came with Postgres 15. */
export function publicationsSql(major: number): string {
  const columns = major >= 15 ? "t.prattrs::int2[]" : "NULL::int2[]";
  const filter = major >= 15 ? "pg_catalog.pg_get_expr(t.prqual, t.prrelid)" : "NULL";
  const schemas = `
UNION ALL
SELECT p.pubname, p.puballtables, n.nspname, NULL, NULL, NULL
FROM pg_catalog.pg_publication_namespace s
JOIN pg_catalog.pg_publication p ON p.oid = s.pnpubid JOIN pg_catalog.pg_namespace n ON n.oid = s.pnnspid`;
  return `
SELECT p.pubname AS name, p.puballtables AS all_tables, NULL AS schema, t.prrelid AS table, ${columns} AS columns,
  ${filter} AS filter
FROM pg_catalog.pg_publication p LEFT JOIN pg_catalog.pg_publication_rel t ON t.prpubid = p.oid${major >= 15 ? schemas : ""}
ORDER BY 1`;
}

/** A foreign server. */
export interface ForeignServerRow {
  readonly name: string;
  readonly wrapper: string;
}

export const foreignServersSql = `
SELECT s.srvname AS name, w.fdwname AS wrapper
FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw`;
