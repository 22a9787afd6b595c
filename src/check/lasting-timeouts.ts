import type { Node } from "@pgsql/types";
import type { TargetSettings } from "../effects/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { parseSql, type Statement } from "../sql/index.ts";
import type { SourceFile } from "./source-file.ts";

/** Limits on waiting and running: what a statement may do does not hang on them. */
const timeouts: ReadonlySet<string> = new Set([
  "idle_in_transaction_session_timeout",
  "lock_timeout",
  "statement_timeout",
  "transaction_timeout",
]);

/**
 * Timeouts that migrations have given to all sessions of the database: `ALTER DATABASE … SET`, `ALTER ROLE ALL SET`. Those of
 * one role are left out, for which role the migrations run as is not known. They hold for sessions that begin later, so for
 * files that are checked after these.
 */
export async function lastingTimeouts(history: readonly SourceFile[]): Promise<TargetSettings> {
  const found = new Map<string, string>();
  for (const source of history)
    if (maySetTimeouts(source.sql))
      for (const { node } of await statementsOf(source)) follow(node, found);
  return Object.fromEntries(found);
}

/** Cheap: nearly no file does, and those that do are parsed once more. */
function maySetTimeouts(sql: string): boolean {
  const lower = sql.toLowerCase();
  return lower.includes("_timeout") && objects.some((object) => lower.includes(object));
}

/** `ALTER USER ALL` is as good as `ALTER ROLE ALL`. */
const objects = ["database", "role", "user all"];

async function statementsOf(source: SourceFile): Promise<readonly Statement[]> {
  try {
    return await parseSql(source.sql, source.file);
  } catch (error) {
    // A file that cannot be parsed is told of where it is replayed.
    if (!isLockstepError(error)) throw error;
    return [];
  }
}

function follow(node: Node, found: Map<string, string>): void {
  const set =
    "AlterDatabaseSetStmt" in node
      ? node.AlterDatabaseSetStmt.setstmt
      : "AlterRoleSetStmt" in node && node.AlterRoleSetStmt.role === undefined
        ? node.AlterRoleSetStmt.setstmt
        : undefined;
  if (set === undefined) return;
  const { kind, name = "", args = [] } = set;
  if (kind === "VAR_RESET_ALL") found.clear();
  if (!timeouts.has(name)) return;
  const [value] = args;
  const text = value !== undefined && "A_Const" in value ? textOf(value.A_Const) : undefined;
  if (kind === "VAR_SET_VALUE" && text !== undefined) found.set(name, text);
  else found.delete(name);
}

function textOf(constant: Extract<Node, { A_Const: unknown }>["A_Const"]): string | undefined {
  if (constant.sval !== undefined) return constant.sval.sval ?? "";
  return constant.ival === undefined ? undefined : String(constant.ival.ival ?? 0);
}
