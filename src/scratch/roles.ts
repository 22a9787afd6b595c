import type { Queryable } from "../pg/index.ts";
import { quoteIdent } from "../sql/index.ts";

/**
 * Creates the roles that the server lacks, without rights or logins: GRANTs and policies of a history name them.
 * Gives back those that it created.
 */
export async function createRoles(
  admin: Queryable,
  roles: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await admin.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name EXCEPT SELECT rolname FROM pg_catalog.pg_roles ORDER BY 1",
    [roles],
  );
  const created: string[] = [];
  for (const { name } of rows)
    try {
      await admin.query(`CREATE ROLE ${quoteIdent(name)}`);
      created.push(name);
    } catch (error) {
      // 42710: another process created it at the same time on a server that both were given.
      if (!["42710", "23505"].includes((error as { code?: string }).code ?? "")) throw error;
    }
  return created;
}
