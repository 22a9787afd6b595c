import type { Node } from "@pgsql/types";
import type { TargetSettings } from "../effects/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { parseSql, quoteIdent, type Statement } from "../sql/index.ts";
import type { SourceFile } from "./source-file.ts";

/** Limits on waiting and running, where names are found, and what decides whether timestamps are written again. */
const followed = [
  "idle_in_transaction_session_timeout",
  "lock_timeout",
  "search_path",
  "statement_timeout",
  "timezone",
  "transaction_timeout",
];

/**
 * Settings that migrations have given to all sessions of the database: `ALTER DATABASE … SET`, `ALTER ROLE ALL SET`. Those of
 * one role are left out, for which role the migrations run as is not known. They hold for sessions that begin later, so for
 * files that are checked after these.
 */
export async function lastingSettings(history: readonly SourceFile[]): Promise<TargetSettings> {
  const found = new Map<string, string>();
  for (const source of history)
    if (mayLast(source.sql)) for (const { node } of await statementsOf(source)) follow(node, found);
  return Object.fromEntries(found);
}

/** Cheap: nearly no file does, and those that do are parsed once more. */
function mayLast(sql: string): boolean {
  const lower = sql.toLowerCase();
  return (
    objects.some((object) => lower.includes(object)) && names.some((name) => lower.includes(name))
  );
}

/** `SET TIME ZONE` is another way to say it. */
const names = [...followed, "time zone"];

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
  const { kind, args = [] } = set;
  const name = set.name?.toLowerCase() ?? "";
  if (kind === "VAR_RESET_ALL") found.clear();
  if (!followed.includes(name)) return;
  const texts = args.flatMap((value) => ("A_Const" in value ? (textOf(value.A_Const) ?? []) : []));
  if (kind === "VAR_SET_VALUE" && texts.length > 0 && texts.length === args.length)
    found.set(name, name === "search_path" ? texts.map(quoteIdent).join(", ") : texts.join());
  else found.delete(name);
}

function textOf(constant: Extract<Node, { A_Const: unknown }>["A_Const"]): string | undefined {
  if (constant.sval !== undefined) return constant.sval.sval ?? "";
  return constant.ival === undefined ? undefined : String(constant.ival.ival ?? 0);
}
