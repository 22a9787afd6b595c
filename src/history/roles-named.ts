import type { Statement } from "../sql/index.ts";

/**
 * Roles that statements name, in GRANT, OWNER TO, policies, SET ROLE and the like, but for those that they create
 * themselves. What code in a DO block or function names is not seen.
 */
export function rolesNamed(statements: Iterable<Statement>): readonly string[] {
  const named = new Set<string>();
  const created = new Set<string>();
  for (const { node } of statements) {
    if ("CreateRoleStmt" in node) created.add(node.CreateRoleStmt.role ?? "");
    else collect(node, named);
  }
  return [...named].filter((role) => !created.has(role)).toSorted();
}

/** Every `RoleSpec` of a tree that names a role; PUBLIC, CURRENT_USER and SESSION_USER are of other types. */
function collect(node: unknown, into: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  const { roletype, rolename } = node as { roletype?: unknown; rolename?: unknown };
  if (roletype === "ROLESPEC_CSTRING" && typeof rolename === "string") into.add(rolename);
  for (const value of Object.values(node)) collect(value, into);
}
