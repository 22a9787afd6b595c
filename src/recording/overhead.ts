import type { ParseNode, Statement } from "../sql/index.ts";

/** Settings of the client's own, which change nothing that a migration does. */
export const clientSettings: ReadonlySet<string> = new Set([
  "application_name",
  "bytea_output",
  "client_encoding",
  "client_min_messages",
  "datestyle",
  "extra_float_digits",
  "intervalstyle",
  "names",
  "standard_conforming_strings",
]);

/** Functions that tools ask about the server, and locks that they take for themselves. */
const asking =
  /^(?:version|now|current_\w+|inet_server_\w+|to_regclass|pg_is_in_recovery|pg_backend_pid|has_\w+_privilege)$/;

/** Locks that tools take for themselves, with what they set for the wait. */
const locking = /^pg_(?:try_)?advisory_/;

/** Functions that change something wherever they stand. */
const changing = /^(?:setval|nextval|set_config|lo_\w+|pg_terminate_backend|pg_cancel_backend)$/;

/**
 * True for a statement of the tool's own and not of a migration: it only looks at the catalog or asks about the server, sets
 * how the client is spoken to, or has to do with the tool's own tables alone.
 */
export function isOverhead({ node }: Statement, ownTables: readonly string[]): boolean {
  if ("VariableShowStmt" in node) return true;
  if ("VariableSetStmt" in node)
    return clientSettings.has((node.VariableSetStmt.name ?? "").toLowerCase());
  const { tables, functions } = namesIn(node);
  if (tables.length > 0 && tables.every(({ name }) => ownTables.includes(name))) return true;
  if (!("SelectStmt" in node) || node.SelectStmt.intoClause !== undefined) return false;
  if (tables.length === 0 && functions.some((name) => locking.test(name))) return true;
  if (functions.some((name) => changing.test(name))) return false;
  if (tables.length > 0)
    return tables.every(
      ({ schema, name }) =>
        ownTables.includes(name) ||
        schema === "pg_catalog" ||
        schema === "information_schema" ||
        (schema === undefined && name.startsWith("pg_")),
    );
  return functions.every((name) => asking.test(name));
}

interface TableName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** Tables and functions that a tree names; names of CTEs are none. */
export function namesIn(node: ParseNode): {
  readonly tables: readonly TableName[];
  readonly functions: readonly string[];
} {
  const tables: TableName[] = [];
  const functions: string[] = [];
  const ctes = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) return value.forEach(visit);
    const record = value as Readonly<Record<string, unknown>>;
    const { relname, schemaname, ctename, funcname, removeType, objects } = record;
    if (typeof relname === "string")
      tables.push({
        schema: typeof schemaname === "string" ? schemaname : undefined,
        name: relname,
      });
    if (typeof ctename === "string") ctes.add(ctename);
    if (Array.isArray(funcname)) functions.push(lastOf(funcname));
    if (removeType === "OBJECT_TABLE" && Array.isArray(objects))
      for (const { List } of objects as { List?: { items?: unknown[] } }[])
        tables.push({ schema: undefined, name: lastOf(List?.items ?? []) });
    Object.values(record).forEach(visit);
  };
  visit(node);
  return { tables: tables.filter(({ name }) => !ctes.has(name)), functions };
}

function lastOf(parts: readonly unknown[]): string {
  const { String: text } = (parts.at(-1) ?? {}) as { String?: { sval?: string } };
  return text?.sval ?? "";
}
