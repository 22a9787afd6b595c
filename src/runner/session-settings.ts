import type { Statement } from "../sql/index.ts";
import { bodyOf, inside, listOf, textsOf, type Body } from "./tree.ts";

/** What a statement of a file sets for the session. */
export interface SettingChange {
  /** Lower-case name, `all` for RESET ALL and DISCARD ALL. */
  readonly name: string;
  /** `session` outlives the transaction, `local` does not. */
  readonly scope: "session" | "local";
}

/** The setting that a SET, RESET or a plain `SELECT set_config('name', 'value', local)` changes. */
export function settingChange(statement: Statement): SettingChange | undefined {
  const body = bodyOf(statement);
  if (statement.kind === "VariableSetStmt") {
    if (body["kind"] === "VAR_RESET_ALL") return { name: "all", scope: "session" };
    if (isTransactionSetting(statement)) return undefined;
    const name = String(body["name"]).toLowerCase();
    return { name, scope: body["is_local"] === true ? "local" : "session" };
  }
  if (statement.kind === "DiscardStmt" && body["target"] === "DISCARD_ALL")
    return { name: "all", scope: "session" };
  return statement.kind === "SelectStmt" ? setConfig(body) : undefined;
}

/** True for SET TRANSACTION, which must come before the transaction's first query. */
export function isTransactionSetting(statement: Statement): boolean {
  if (statement.kind !== "VariableSetStmt") return false;
  const { kind, name } = bodyOf(statement);
  return kind === "VAR_SET_MULTI" && String(name).startsWith("TRANSACTION");
}

function setConfig(select: Body): SettingChange | undefined {
  const targets = listOf(select, "targetList");
  if (targets.length !== 1 || select["fromClause"] !== undefined) return undefined;
  const call = inside(targets[0]!["val"]);
  if (textsOf(call["funcname"]).at(-1) !== "set_config") return undefined;
  const [name, , local] = listOf(call, "args");
  const text = (name?.["sval"] as Body | undefined)?.["sval"];
  if (typeof text !== "string" || local?.["boolval"] === undefined) return undefined;
  const isLocal = (local["boolval"] as Body)["boolval"] === true;
  return { name: text.toLowerCase(), scope: isLocal ? "local" : "session" };
}

/** Statements that leave nothing behind in the session, whatever they name. Everything else is cleaned up after. */
const tidy = new Set([
  "AlterEnumStmt",
  "AlterTableStmt",
  "AlterSeqStmt",
  "AlterDomainStmt",
  "AlterFunctionStmt",
  "AlterOwnerStmt",
  "AlterObjectSchemaStmt",
  "AlterPolicyStmt",
  "AlterTypeStmt",
  "CommentStmt",
  "CompositeTypeStmt",
  "CreateDomainStmt",
  "CreateEnumStmt",
  "CreateFunctionStmt",
  "CreatePolicyStmt",
  "CreateRangeStmt",
  "CreateSchemaStmt",
  "CreateStatsStmt",
  "CreateTrigStmt",
  "DropStmt",
  "GrantStmt",
  "GrantRoleStmt",
  "IndexStmt",
  "ReindexStmt",
  "RenameStmt",
  "VacuumStmt",
]);

/** True when nothing of this statement can outlive it in the session: no setting, temporary object or lock. */
export function leavesNothing(statement: Statement): boolean {
  if (tidy.has(statement.kind)) return true;
  if (!["CreateStmt", "CreateSeqStmt", "ViewStmt"].includes(statement.kind)) return false;
  const body = bodyOf(statement);
  const { relpersistence, schemaname } = (body["relation"] ??
    body["sequence"] ??
    body["view"] ??
    {}) as Body;
  return relpersistence !== "t" && schemaname !== "pg_temp";
}
