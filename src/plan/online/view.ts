import { quoteIdent, quoteLiteral } from "../../sql/index.ts";
import { dollarQuoted } from "../dual-writes/index.ts";

/** A view through which one release reads and writes a table that has another name meanwhile. */
export interface ViewOver {
  /** Both as they are written in SQL. */
  readonly view: string;
  readonly table: string;
  /** What it selects: `SELECT … FROM table …`, so that Postgres writes through it (manual, Updatable Views). */
  readonly query: string;
  /** Columns with a default, which the view has to know for `SET column = DEFAULT`. */
  readonly defaults: readonly { readonly name: string; readonly default: string | null }[];
  readonly major: number;
}

/**
 * Makes the view, for everybody who may do the same with the table. It checks rights and row security of whoever uses
 * it from Postgres 15 on; before, those of its owner.
 */
export function viewStatements({
  view,
  table,
  query,
  defaults,
  major,
}: ViewOver): readonly string[] {
  const options = major >= 15 ? " WITH (security_invoker = true)" : "";
  return [
    `CREATE OR REPLACE VIEW ${view}${options} AS ${query}`,
    ...defaults.flatMap(({ name, default: value }) =>
      value === null
        ? []
        : [`ALTER VIEW ${view} ALTER COLUMN ${quoteIdent(name)} SET DEFAULT ${value}`],
    ),
    samePrivileges(table, view),
  ];
}

/** What the view does not do, and the table does. */
export function viewNote(view: string, major: number): string {
  return `until the contract phase ${view} is a view for the new release: SELECT, INSERT (RETURNING, ON CONFLICT with columns), UPDATE and DELETE go through it; COPY, TRUNCATE, ON CONFLICT ON CONSTRAINT, GROUP BY its key alone, TABLESAMPLE and system columns do not${major < 17 ? ", nor does MERGE" : ""}`;
}

/** Everybody may do with the view what they may do with the table; TRUNCATE and its like mean nothing there. */
function samePrivileges(table: string, view: string): string {
  const [from, to] = [quoteLiteral(table), quoteLiteral(view)];
  const body = [
    "DECLARE",
    "  granted record;",
    "BEGIN",
    "  FOR granted IN",
    "    SELECT a.privilege_type, a.grantee, a.is_grantable, '' AS columns",
    `    FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a`,
    `    WHERE c.oid = ${from}::pg_catalog.regclass AND a.grantee <> c.relowner`,
    "    UNION ALL",
    "    SELECT a.privilege_type, a.grantee, a.is_grantable, pg_catalog.format(' (%I)', t.attname)",
    `    FROM pg_catalog.pg_attribute t, pg_catalog.aclexplode(t.attacl) a`,
    `    WHERE t.attrelid = ${from}::pg_catalog.regclass AND NOT t.attisdropped`,
    "  LOOP",
    "    IF granted.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') THEN",
    `      EXECUTE pg_catalog.format('GRANT %s%s ON %s TO %s%s', granted.privilege_type, granted.columns, ${to},`,
    "        CASE granted.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(granted.grantee)) END,",
    "        CASE WHEN granted.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END);",
    "    END IF;",
    "  END LOOP;",
    "END",
  ].join("\n");
  return `DO ${dollarQuoted(body)}`;
}
