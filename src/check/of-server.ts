import type { Statement } from "../sql/index.ts";

/** What they change belongs to the whole server, and outlives the scratch database. */
const ofServer: ReadonlySet<string> = new Set([
  "AlterDatabaseRefreshCollStmt",
  "AlterDatabaseSetStmt",
  "AlterDatabaseStmt",
  "AlterSystemStmt",
  "AlterTableSpaceOptionsStmt",
  "CreateTableSpaceStmt",
  "CreatedbStmt",
  "DropTableSpaceStmt",
  "DropdbStmt",
]);

/** Roles are the server's too; those that a scratch server of our own has are all made for the check. */
const ofRoles: ReadonlySet<string> = new Set([
  "AlterRoleSetStmt",
  "AlterRoleStmt",
  "DropRoleStmt",
  "GrantRoleStmt",
]);

const objectsOfServer: ReadonlySet<string | undefined> = new Set([
  "OBJECT_DATABASE",
  "OBJECT_TABLESPACE",
]);

/**
 * True for what reaches beyond the scratch database: databases, tablespaces, settings of the server. It is never run, not
 * even on scratch: a server that was given by URL has other users.
 *
 * @param isShared true for such a server: its roles are not changed either
 */
export function changesServer({ kind, node }: Statement, isShared: boolean): boolean {
  if (ofServer.has(kind) || (isShared && ofRoles.has(kind))) return true;
  const object =
    "RenameStmt" in node
      ? node.RenameStmt.renameType
      : "AlterOwnerStmt" in node
        ? node.AlterOwnerStmt.objectType
        : undefined;
  return objectsOfServer.has(object) || (isShared && object === "OBJECT_ROLE");
}
