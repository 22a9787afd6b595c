import type { ParseNode, Statement } from "../sql/index.ts";

/** Where a statement reaches beyond the database that it runs in. */
export type Reach =
  /** To what belongs to the server: databases, tablespaces, its settings, replication; roles, where they are others' too. */
  | "server"
  /** To the server's processes: it ends sessions, or has all read their settings again. */
  | "processes"
  /** Out of the server: to files, programs and other servers. */
  | "outside";

/** What they change belongs to the whole server, and outlives a scratch database. */
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

/** Roles are the server's too; those of a server of our own are all made for one purpose. */
const ofRoles: ReadonlySet<string> = new Set([
  "AlterRoleSetStmt",
  "AlterRoleStmt",
  "CreateRoleStmt",
  "DropRoleStmt",
  "GrantRoleStmt",
]);

/** A subscription connects to its publisher and makes a slot there, also when it is altered or dropped. */
const ofOtherServers: ReadonlySet<string> = new Set([
  "AlterSubscriptionStmt",
  "CreateSubscriptionStmt",
  "DropSubscriptionStmt",
]);

const objectsOfServer: ReadonlySet<string | undefined> = new Set([
  "OBJECT_DATABASE",
  "OBJECT_TABLESPACE",
]);

/** What a statement is for, by its kind alone. */
export function reachOfKind({ kind, node }: Statement, keepsRoles: boolean): Reach | undefined {
  if (ofServer.has(kind) || (keepsRoles && ofRoles.has(kind))) return "server";
  if (ofOtherServers.has(kind)) return "outside";
  if ("CopyStmt" in node) {
    const { is_program: program, filename } = node.CopyStmt;
    return program === true || filename !== undefined ? "outside" : undefined;
  }
  const object =
    "RenameStmt" in node
      ? node.RenameStmt.renameType
      : "AlterOwnerStmt" in node
        ? node.AlterOwnerStmt.objectType
        : "CommentStmt" in node
          ? node.CommentStmt.objtype
          : undefined;
  const isOfServer = objectsOfServer.has(object) || (keepsRoles && object === "OBJECT_ROLE");
  return isOfServer ? "server" : undefined;
}

/** Functions of Postgres and of its own extensions (manual, "System Administration Functions", lo, adminpack, dblink). */
const functions: ReadonlyMap<string, Reach> = new Map([
  ...[
    "pg_cancel_backend",
    "pg_promote",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_terminate_backend",
    "pg_wal_replay_pause",
    "pg_wal_replay_resume",
  ].map((name) => [name, "processes"] as const),
  ...[
    "pg_backup_start",
    "pg_backup_stop",
    "pg_copy_logical_replication_slot",
    "pg_copy_physical_replication_slot",
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_create_restore_point",
    "pg_drop_replication_slot",
    "pg_logical_slot_get_binary_changes",
    "pg_logical_slot_get_changes",
    "pg_replication_origin_advance",
    "pg_replication_origin_create",
    "pg_replication_origin_drop",
    "pg_replication_slot_advance",
    "pg_start_backup",
    "pg_stat_reset_shared",
    "pg_stop_backup",
    "pg_switch_wal",
  ].map((name) => [name, "server"] as const),
  ...[
    "dblink",
    "dblink_connect",
    "dblink_connect_u",
    "dblink_exec",
    "dblink_open",
    "dblink_send_query",
    "lo_export",
    "lo_import",
    "pg_file_rename",
    "pg_file_sync",
    "pg_file_unlink",
    "pg_file_write",
    "pg_read_binary_file",
    "pg_read_file",
  ].map((name) => [name, "outside"] as const),
]);

export function reachOfFunction(name: string): Reach | undefined {
  return functions.get(name);
}

/** Cheap: false for a text in which nothing of what reaches beyond its database can stand. */
export function mayName(text: string): boolean {
  const lower = text.toLowerCase();
  return stems.some((stem) => lower.includes(stem));
}

const stems = ["pg_", "lo_", "dblink", "role", "user", "group", "database"];

const roleWords: ReadonlySet<string | undefined> = new Set(["group", "role", "user"]);

/**
 * Statements in code that change what belongs to a server which has other users; the others of that kind are refused
 * inside of functions by Postgres itself. `ALTER DATABASE` is let pass where the code names its own by current_database().
 */
export function reachOfWords(words: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    const [object, name] = [words[index + 1], words[index + 2]];
    if ((word === "alter" || word === "drop") && roleWords.has(object) && name !== "mapping")
      return `${word} ${object!}`;
    if (word === "alter" && object === "database" && !words.includes("current_database"))
      return "alter database";
    if (word === "create" && roleWords.has(object) && name !== "mapping" && !isName(name))
      return `create ${object!}`;
  }
  return undefined;
}

/** The roles that code creates by name. */
export function rolesCreatedIn(words: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    const name = words[index + 2];
    const creates = word === "create" && roleWords.has(words[index + 1]) && name !== "mapping";
    return creates && isName(name) ? [name] : [];
  });
}

/** False for the sign with which a placeholder of format() begins. */
function isName(word: string | undefined): word is string {
  return word !== undefined && !word.startsWith("%") && word !== ";";
}

/** Last part of the name of each function that is called in a tree. */
export function callsIn(tree: ParseNode): readonly string[] {
  const names: string[] = [];
  collect(tree, names);
  return names;
}

function collect(value: unknown, names: string[]): void {
  if (Array.isArray(value)) for (const item of value) collect(item, names);
  else if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value)) {
      // A CALL holds its function without the wrapper.
      if (key === "FuncCall" || key === "funccall") {
        const parts = (inner as { readonly funcname?: readonly ParseNode[] }).funcname ?? [];
        const last = parts.at(-1);
        if (last !== undefined && "String" in last) names.push(last.String.sval ?? "");
      }
      collect(inner, names);
    }
}
