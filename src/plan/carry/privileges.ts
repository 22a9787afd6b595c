import { qualifiedName, type Catalog } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { sqlName } from "../lookup.ts";
import type { TableName } from "../model.ts";

/** Gives a second column the privileges that roles have on the first one alone; those on the table are its own already. */
export function carriedPrivileges(
  { grants }: Catalog,
  table: TableName,
  from: string,
  to: string,
): readonly string[] {
  const own = grants[`column ${qualifiedName(table.schema, table.name, from)}`] ?? [];
  return own.flatMap(({ grantee, privilege, grantable }) => {
    if (grantee === "OWNER") return [];
    // Everyone, or a name that is quoted where it is not plain; a plain one may be a keyword.
    const role = grantee === "PUBLIC" || grantee.startsWith('"') ? grantee : quoteIdent(grantee);
    const option = grantable ? " WITH GRANT OPTION" : "";
    return [`GRANT ${privilege} (${quoteIdent(to)}) ON ${sqlName(table)} TO ${role}${option}`];
  });
}
