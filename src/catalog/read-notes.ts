import type { NoteRow } from "./addresses.ts";
import type { Grant } from "./model.ts";
import { namePart } from "./names.ts";
import type { Presence } from "./present.ts";

export interface CommentRow extends NoteRow {
  readonly text: string;
}

/**
 * Comments, but for those on Postgres' own objects (their oids are below 16384, transam.h). $1 is only mentioned
 * so that it has a type.
 */
export const commentsSql = `
SELECT k.relname AS catalog, d.objoid::int8 AS oid, d.objsubid AS number, d.description AS text
FROM pg_catalog.pg_description d
JOIN pg_catalog.pg_class k ON k.oid = d.classoid
WHERE d.objoid >= 16384 AND $1::oid[] IS NOT NULL`;

export interface GrantRow extends NoteRow {
  readonly kind: keyof typeof privilegeCounts;
  /** `[grantee or null for PUBLIC, is owner, privilege, grantable]`. */
  readonly items: readonly (readonly [string | null, boolean, string | null, boolean])[];
}

const lists = {
  relationGrants: `
  SELECT 'pg_class', oid, 0, CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, relowner, relacl
  FROM pg_catalog.pg_class WHERE relacl IS NOT NULL AND relnamespace = ANY ($1::oid[])`,
  routineGrants: `
  SELECT 'pg_proc', oid, 0, 'routine', proowner, proacl
  FROM pg_catalog.pg_proc WHERE proacl IS NOT NULL AND pronamespace = ANY ($1::oid[])`,
  typeGrants: `
  SELECT 'pg_type', oid, 0, 'type', typowner, typacl
  FROM pg_catalog.pg_type WHERE typacl IS NOT NULL AND typnamespace = ANY ($1::oid[])`,
} as const satisfies Partial<Record<Presence, string>>;

/**
 * Objects of the given schemas ($1 oid[]) whose privileges were ever changed.
 *
 * @param present kinds of objects of which there are any
 * @param tables parameter of oid[]: the tables with privileges on columns, when there are any
 */
export const grantsSql = (present: ReadonlySet<Presence>, tables: string | undefined) => `
SELECT o.catalog, o.oid::int8, o.number, o.kind,
  json_agg(json_build_array(r.rolname, a.grantee = o.owner, a.privilege_type, a.is_grantable)) AS items
FROM (
  SELECT 'pg_namespace' AS catalog, oid, 0 AS number, 'schema' AS kind, nspowner AS owner, nspacl AS acl
  FROM pg_catalog.pg_namespace WHERE nspacl IS NOT NULL AND oid = ANY ($1::oid[])${[
    ...Object.entries(lists).flatMap(([name, sql]) => (present.has(name as Presence) ? [sql] : [])),
    ...(tables === undefined ? [] : [columnGrants(tables)]),
  ]
    .map((sql) => `\n  UNION ALL${sql}`)
    .join("")}
) o
LEFT JOIN LATERAL aclexplode(o.acl) a ON true
LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
GROUP BY o.catalog, o.oid, o.number, o.kind`;

function columnGrants(tables: string): string {
  return `
  SELECT 'pg_class', c.oid, t.attnum, 'column', c.relowner, t.attacl
  FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid
  WHERE t.attrelid = ANY (${tables}::oid[]) AND t.attacl IS NOT NULL AND NOT t.attisdropped`;
}

/** How many privileges each kind of object knows (acl.h); tables gained MAINTAIN in 17. */
const privilegeCounts = {
  table: 7,
  column: 4,
  sequence: 3,
  routine: 1,
  type: 1,
  schema: 2,
} as const;

/** What PUBLIC may do with an object nobody granted anything on (acldefault in acl.c). */
const publicDefaults: Partial<Record<GrantRow["kind"], string>> = {
  routine: "EXECUTE",
  type: "USAGE",
};

/** Privileges in a form that compares; undefined when they are what the kind has by default. */
export function readGrants(row: GrantRow, major: number): readonly Grant[] | undefined {
  const count = privilegeCounts[row.kind] + (row.kind === "table" && major >= 17 ? 1 : 0);
  const byGrantee = new Map<string, { grantee: string; grantable: boolean; held: Set<string> }>();
  for (const [role, isOwner, privilege, grantable] of row.items) {
    if (privilege === null) continue;
    const grantee = isOwner ? "OWNER" : role === null ? "PUBLIC" : namePart(role);
    const withOption = grantable && !isOwner;
    const key = `${grantee} ${withOption}`;
    const entry = byGrantee.get(key);
    if (entry === undefined)
      byGrantee.set(key, { grantee, grantable: withOption, held: new Set([privilege]) });
    else entry.held.add(privilege);
  }
  const grants = [...byGrantee.values()].flatMap(({ grantee, grantable, held }) =>
    (held.size === count && count > 1 ? ["ALL"] : [...held]).map((privilege) => ({
      grantee,
      privilege,
      grantable,
    })),
  );
  grants.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  return isDefault(row.kind, grants) ? undefined : grants;
}

function sortKey(grant: Grant): string {
  return `${grant.grantee} ${grant.privilege} ${grant.grantable}`;
}

function isDefault(kind: GrantRow["kind"], grants: readonly Grant[]): boolean {
  const everyone = publicDefaults[kind];
  const expected = kind === "column" ? [] : [`OWNER ${everyone ?? "ALL"} false`];
  if (everyone !== undefined) expected.push(`PUBLIC ${everyone} false`);
  return (
    grants.length === expected.length &&
    grants.every((grant, at) => sortKey(grant) === expected[at])
  );
}
