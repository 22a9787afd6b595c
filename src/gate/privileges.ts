import { qualifiedName } from "../catalog/index.ts";
import type { Contract } from "../contract/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteQualified } from "../sql/index.ts";
import type { Live } from "./live.ts";
import type { Finding } from "./result.ts";

interface PrivilegeRow {
  readonly object: string;
  readonly kind: "role" | "schema" | "sequence" | "relation";
  readonly missing: readonly string[];
  readonly hidden: boolean;
}

/**
 * What the contract's role may not do with the contract's objects, and where row security applies to it. Asked of
 * the server, which knows memberships and PUBLIC; one round trip, none when the contract names no role.
 */
export async function comparePrivileges(
  contract: Contract,
  live: Live,
  database: Session,
): Promise<readonly Finding[]> {
  const { role } = contract;
  if (role === undefined) return [];
  const relations = [
    ...contract.tables.map((table) => ({ table, access: table.access as readonly string[] })),
    ...contract.views.map((table) => ({ table, access: ["select"] })),
  ].flatMap(({ table, access }) => {
    const name = live.resolve(table);
    const { tables, views, materializedViews } = live.catalog;
    const found = tables[name] ?? views[name] ?? materializedViews[name];
    return found === undefined
      ? []
      : [
          {
            name,
            sql: quoteQualified(found.schema, found.name),
            access,
            columns: table.columns.flatMap((column) => ("used" in column ? [] : [column.name])),
            from: table.from,
          },
        ];
  });
  const { rows } = await database.query<{ [Member in keyof PrivilegeRow]: PrivilegeRow[Member] }>(
    privilegesSql,
    [
      role,
      JSON.stringify(
        relations.map(({ name, sql, access, columns }) => ({ name, sql, access, columns })),
      ),
    ],
  );
  if (rows.length === 1 && rows[0]!.kind === "role")
    return [
      {
        severity: "error",
        object: role,
        kind: "missing-privilege",
        expected: `role ${role}, which the release connects as`,
        found: "no such role",
        from: undefined,
        effect: "the release cannot connect (28000)",
        next: `CREATE ROLE ${qualifiedName(role)} LOGIN`,
      },
    ];
  const places = new Map(relations.map(({ name, from }) => [name, from]));
  return rows.flatMap(({ object, kind, missing, hidden }): readonly Finding[] => {
    const findings: Finding[] = [];
    const from = places.get(object);
    if (missing.length > 0) {
      const list = missing.join(", ");
      const on = kind === "relation" ? object : `${kind.toUpperCase()} ${object}`;
      findings.push({
        severity: "error",
        object,
        kind: "missing-privilege",
        expected: `role ${role} with ${list}`,
        found: `no ${list} for ${role}`,
        from,
        effect: "statements of the release fail (42501)",
        next: `GRANT ${list} ON ${on} TO ${qualifiedName(role)}`,
      });
    }
    if (hidden)
      findings.push({
        severity: "error",
        object,
        kind: "row-security",
        expected: `rows that ${role} may see and write`,
        found: "row security without any policy that lets it",
        from,
        effect: "queries of the release find no row, and its INSERTs fail (42501)",
        next: `add a policy for ${role}, or ALTER TABLE ${object} DISABLE ROW LEVEL SECURITY`,
      });
    return findings;
  });
}

/** A default that calls nextval needs USAGE of the sequence; identity columns need none (manual, GRANT). */
const privilegesSql = `
WITH role AS (SELECT oid, rolbypassrls OR rolsuper AS bypass FROM pg_catalog.pg_roles WHERE rolname = $1),
wanted AS (
  SELECT w.name, w.access, w.columns, c.oid, c.relnamespace, c.relowner, c.relrowsecurity, c.relforcerowsecurity
  FROM pg_catalog.json_to_recordset($2::json) AS w (name text, sql text, access text[], columns text[])
  JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(w.sql)
),
denied (rank, object, kind, missing, hidden) AS (
  SELECT 1, $1, 'role', '{}'::text[], false WHERE NOT EXISTS (SELECT FROM role)
  UNION ALL
  SELECT 2, pg_catalog.quote_ident(n.nspname), 'schema', '{USAGE}', false
  FROM role, pg_catalog.pg_namespace n
  WHERE n.oid IN (SELECT relnamespace FROM wanted) AND NOT pg_catalog.has_schema_privilege(role.oid, n.oid, 'USAGE')
  UNION ALL
  SELECT 4, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.relname), 'sequence', '{USAGE}', false
  FROM role, wanted
  JOIN pg_catalog.pg_attrdef d ON d.adrelid = wanted.oid
  JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid
    AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
  JOIN pg_catalog.pg_class s ON s.oid = p.refobjid AND s.relkind = 'S'
  JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
  WHERE 'insert' = ANY (wanted.access) AND NOT pg_catalog.has_sequence_privilege(role.oid, s.oid, 'USAGE, UPDATE')
  UNION ALL
  SELECT 3, w.name, 'relation', w.missing, w.hidden FROM (
    SELECT wanted.name,
      ARRAY(SELECT pg_catalog.upper(p) FROM pg_catalog.unnest(wanted.access) p
        WHERE NOT pg_catalog.has_table_privilege(role.oid, wanted.oid, p)
          AND (p = 'delete' OR EXISTS (
            SELECT FROM pg_catalog.pg_attribute a
            WHERE a.attrelid = wanted.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (wanted.columns::name[])
              AND NOT pg_catalog.has_column_privilege(role.oid, wanted.oid, a.attnum, p)))) AS missing,
      wanted.relrowsecurity AND NOT role.bypass
        AND (wanted.relforcerowsecurity OR NOT pg_catalog.pg_has_role(role.oid, wanted.relowner, 'USAGE'))
        AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_policy y WHERE y.polrelid = wanted.oid AND y.polpermissive
            AND EXISTS (SELECT FROM pg_catalog.unnest(y.polroles) r WHERE r = 0 OR pg_catalog.pg_has_role(role.oid, r, 'USAGE'))
        ) AS hidden
    FROM role, wanted
  ) w WHERE w.missing <> '{}' OR w.hidden
)
SELECT object, kind, missing, hidden FROM denied ORDER BY rank, object`;
