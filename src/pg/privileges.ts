import { LockstepError } from "../errors/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";
import type { TableName } from "./blockers.ts";
import type { Queryable } from "./session.ts";

/** What the connected role will have to be allowed to do. */
export interface WantedPrivileges {
  /** Create schemas in the database. */
  readonly createSchema?: boolean;
  /** Create tables, types … in these schemas; one that does not exist is passed over. */
  readonly createIn?: readonly string[];
  /** Alter these tables, views or sequences, which takes their owner; one that does not exist is passed over. */
  readonly alter?: readonly TableName[];
}

/** One privilege that is missing. */
interface Gap {
  readonly kind: "database" | "schema" | "relation";
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
}

interface Row extends Gap {
  readonly role: string;
}

/**
 * Refuses to begin what would fail half-way for want of a privilege. One round trip.
 * @throws LockstepError `privilege-missing` with the role, every object, its owner and the statements that help
 */
export async function requirePrivileges(
  database: Queryable,
  wanted: WantedPrivileges,
): Promise<void> {
  const { createSchema = false, createIn = [], alter = [] } = wanted;
  const { rows } = await database.query<Row>(
    `SELECT current_user AS role, gap.*
       FROM (
         SELECT 'database' AS kind, '' AS schema, d.datname AS name, d.datdba AS owner_id
           FROM pg_catalog.pg_database d
          WHERE $1 AND d.datname = pg_catalog.current_database()
            AND NOT pg_catalog.has_database_privilege(d.oid, 'CREATE')
         UNION ALL
         SELECT 'schema', n.nspname, n.nspname, n.nspowner
           FROM pg_catalog.pg_namespace n
          WHERE n.nspname = ANY ($2) AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
         UNION ALL
         SELECT 'relation', n.nspname, c.relname, c.relowner
           FROM pg_catalog.pg_class c
           JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
           JOIN ROWS FROM (pg_catalog.unnest($3::pg_catalog.text[]), pg_catalog.unnest($4::pg_catalog.text[])) AS t(schema, name)
             ON t.schema = n.nspname AND t.name = c.relname
          WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
       ) AS g(kind, schema, name, owner_id)
      CROSS JOIN LATERAL (
        SELECT g.kind, g.schema, g.name, pg_catalog.pg_get_userbyid(g.owner_id) AS owner) AS gap
      ORDER BY gap.kind, gap.schema, gap.name`,
    [createSchema, createIn, alter.map(({ schema }) => schema), alter.map(({ name }) => name)],
  );
  if (rows.length === 0) return;
  const { role } = rows[0]!;
  throw new LockstepError("privilege-missing", {
    what: `role ${quoteIdent(role)} lacks ${rows.length === 1 ? "a privilege" : `${rows.length} privileges`} that the pending work needs`,
    expected: list(rows.map(needed)),
    found: list(rows.map((gap) => `${nameOf(gap)} is owned by ${quoteIdent(gap.owner)}`)),
    from: `role ${quoteIdent(role)}`,
    why: rows.some(({ kind }) => kind === "relation")
      ? "they were made by another role; only an owner may alter a table, grants do not help"
      : "the role was made for an application that only reads and writes rows",
    next: waysOut(rows, role),
  });
}

function needed(gap: Gap): string {
  if (gap.kind === "database") return `CREATE on database ${quoteIdent(gap.name)}`;
  if (gap.kind === "schema") return `CREATE on schema ${quoteIdent(gap.name)}`;
  return `ownership of ${nameOf(gap)}`;
}

function nameOf(gap: Gap): string {
  return gap.kind === "relation" ? quoteQualified(gap.schema, gap.name) : quoteIdent(gap.name);
}

function waysOut(gaps: readonly Gap[], role: string): readonly string[] {
  const me = quoteIdent(role);
  const owners = [...new Set(gaps.map(({ owner }) => owner))];
  const tables = gaps.filter(({ kind }) => kind === "relation");
  const grants = gaps
    .filter(({ kind }) => kind !== "relation")
    .map(
      (gap) =>
        `as ${quoteIdent(gap.owner)}: GRANT CREATE ON ${gap.kind === "database" ? "DATABASE" : "SCHEMA"} ${quoteIdent(gap.name)} TO ${me}`,
    );
  const roles = [...new Set(tables.map(({ owner }) => owner))].map(
    (owner) => `as an administrator: GRANT ${quoteIdent(owner)} TO ${me}`,
  );
  const alters = tables
    .slice(0, 3)
    .map((gap) => `or hand it over: ALTER TABLE ${nameOf(gap)} OWNER TO ${me}`);
  const single = owners.length === 1 ? [`or run Lockstep as ${quoteIdent(owners[0]!)}`] : [];
  return [...grants, ...roles, ...alters, ...single];
}

function list(items: readonly string[]): string {
  const shown = items.slice(0, 8).join(", ");
  return items.length > 8 ? `${shown} and ${items.length - 8} more` : shown;
}
