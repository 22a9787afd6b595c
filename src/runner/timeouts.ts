import type { Statement } from "../sql/index.ts";
import { isConcurrent } from "./transaction-rules.ts";
import { bodyOf, inside, listOf, textsOf, type Body } from "./tree.ts";

/** What bounds a statement's run time and its waits for locks. */
export interface Limits {
  /** `statement_timeout` may be finite: the statement only touches the catalog, whatever the size of the tables. */
  readonly catalogOnly: boolean;
  /** Waits for every older transaction by design, so that a short `lock_timeout` would only make it fail. */
  readonly waitsForOthers: boolean;
}

/** Decides from the parse tree; when in doubt a statement gets no time limit (killing a rewrite wastes its work). */
export function limitsOf(statement: Statement): Limits {
  const concurrent = isConcurrent(statement);
  return { catalogOnly: !concurrent && isCatalogOnly(statement), waitsForOthers: concurrent };
}

const catalogStatements = new Set([
  "AlterDefaultPrivilegesStmt",
  "AlterEnumStmt",
  "AlterExtensionContentsStmt",
  "AlterFunctionStmt",
  "AlterObjectSchemaStmt",
  "AlterOwnerStmt",
  "AlterPolicyStmt",
  "AlterSeqStmt",
  "CommentStmt",
  "CompositeTypeStmt",
  "CreateDomainStmt",
  "CreateEnumStmt",
  "CreateFunctionStmt",
  "CreatePolicyStmt",
  "CreateRangeStmt",
  "CreateSeqStmt",
  "CreateStatsStmt",
  "CreateStmt",
  "CreateTrigStmt",
  "DefineStmt",
  "DropStmt",
  "GrantRoleStmt",
  "GrantStmt",
  "RenameStmt",
  "RuleStmt",
  "ViewStmt",
]);

/** ALTER TABLE commands that neither read nor write rows (tablecmds.c, ATPrep and ATExec). */
const catalogCommands = new Set([
  "AT_ColumnDefault",
  "AT_CookedColumnDefault",
  "AT_DropNotNull",
  "AT_SetStatistics",
  "AT_SetOptions",
  "AT_ResetOptions",
  "AT_SetStorage",
  "AT_SetCompression",
  "AT_DropColumn",
  "AT_DropConstraint",
  "AT_AlterConstraint",
  "AT_ChangeOwner",
  "AT_ClusterOn",
  "AT_DropCluster",
  "AT_SetRelOptions",
  "AT_ResetRelOptions",
  "AT_EnableTrig",
  "AT_EnableAlwaysTrig",
  "AT_EnableReplicaTrig",
  "AT_DisableTrig",
  "AT_EnableTrigAll",
  "AT_DisableTrigAll",
  "AT_EnableTrigUser",
  "AT_DisableTrigUser",
  "AT_AddInherit",
  "AT_DropInherit",
  "AT_ReplicaIdentity",
  "AT_EnableRowSecurity",
  "AT_DisableRowSecurity",
  "AT_ForceRowSecurity",
  "AT_NoForceRowSecurity",
  "AT_DetachPartition",
  "AT_AddIdentity",
  "AT_SetIdentity",
  "AT_DropIdentity",
  "AT_DropExpression",
]);

function isCatalogOnly(statement: Statement): boolean {
  if (catalogStatements.has(statement.kind)) return true;
  if (statement.kind !== "AlterTableStmt") return false;
  return listOf(bodyOf(statement), "cmds").every(({ subtype, def }) => {
    if (catalogCommands.has(String(subtype))) return true;
    const body = inside(def);
    if (subtype === "AT_AddConstraint") return body["skip_validation"] === true;
    // A default may be volatile, a constraint may have to be proven.
    return (
      subtype === "AT_AddColumn" && listOf(body, "constraints").length === 0 && isPlainType(body)
    );
  });
}

/** Types without a keyword of their own that columns often have; pg_catalog is looked into first. */
const plainTypes = new Set([
  "text",
  "timestamptz",
  "uuid",
  "json",
  "jsonb",
  "bytea",
  "date",
  "inet",
  "cidr",
]);

/** Surely no domain, which may have checks or a default, and no serial, which is a default: both write every row again. */
function isPlainType(column: Body): boolean {
  const names = textsOf((column["typeName"] as Body | undefined)?.["names"]);
  return names[0] === "pg_catalog" || (names.length === 1 && plainTypes.has(names[0]!));
}
