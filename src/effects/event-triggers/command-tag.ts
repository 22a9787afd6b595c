import type { Node } from "@pgsql/types";

/** The words of an object type in a command (cmdtaglist.h). */
const objectWords: Readonly<Record<string, string>> = {
  OBJECT_ACCESS_METHOD: "ACCESS METHOD",
  OBJECT_AGGREGATE: "AGGREGATE",
  OBJECT_ATTRIBUTE: "TYPE",
  OBJECT_CAST: "CAST",
  OBJECT_COLLATION: "COLLATION",
  OBJECT_COLUMN: "TABLE",
  OBJECT_CONVERSION: "CONVERSION",
  OBJECT_DOMAIN: "DOMAIN",
  OBJECT_DOMCONSTRAINT: "DOMAIN",
  OBJECT_EXTENSION: "EXTENSION",
  OBJECT_FDW: "FOREIGN DATA WRAPPER",
  OBJECT_FOREIGN_SERVER: "SERVER",
  OBJECT_FOREIGN_TABLE: "FOREIGN TABLE",
  OBJECT_FUNCTION: "FUNCTION",
  OBJECT_INDEX: "INDEX",
  OBJECT_LANGUAGE: "LANGUAGE",
  OBJECT_LARGEOBJECT: "LARGE OBJECT",
  OBJECT_MATVIEW: "MATERIALIZED VIEW",
  OBJECT_OPCLASS: "OPERATOR CLASS",
  OBJECT_OPERATOR: "OPERATOR",
  OBJECT_OPFAMILY: "OPERATOR FAMILY",
  OBJECT_POLICY: "POLICY",
  OBJECT_PROCEDURE: "PROCEDURE",
  OBJECT_PUBLICATION: "PUBLICATION",
  OBJECT_ROUTINE: "ROUTINE",
  OBJECT_RULE: "RULE",
  OBJECT_SCHEMA: "SCHEMA",
  OBJECT_SEQUENCE: "SEQUENCE",
  OBJECT_STATISTIC_EXT: "STATISTICS",
  OBJECT_SUBSCRIPTION: "SUBSCRIPTION",
  OBJECT_TABCONSTRAINT: "TABLE",
  OBJECT_TABLE: "TABLE",
  OBJECT_TRANSFORM: "TRANSFORM",
  OBJECT_TRIGGER: "TRIGGER",
  OBJECT_TSCONFIGURATION: "TEXT SEARCH CONFIGURATION",
  OBJECT_TSDICTIONARY: "TEXT SEARCH DICTIONARY",
  OBJECT_TSPARSER: "TEXT SEARCH PARSER",
  OBJECT_TSTEMPLATE: "TEXT SEARCH TEMPLATE",
  OBJECT_TYPE: "TYPE",
  OBJECT_VIEW: "VIEW",
};

/** Objects that databases share, and event triggers themselves, fire none (EventTriggerSupportsObjectType). */
const unsupported: ReadonlySet<string> = new Set([
  "OBJECT_DATABASE",
  "OBJECT_EVENT_TRIGGER",
  "OBJECT_PARAMETER_ACL",
  "OBJECT_ROLE",
  "OBJECT_TABLESPACE",
]);

/** Commands of one tag that fire event triggers (utility.c, ProcessUtilitySlow and CreateCommandTag). */
const plainTags: Readonly<Record<string, string>> = {
  AlterCollationStmt: "ALTER COLLATION",
  AlterDefaultPrivilegesStmt: "ALTER DEFAULT PRIVILEGES",
  AlterDomainStmt: "ALTER DOMAIN",
  AlterEnumStmt: "ALTER TYPE",
  AlterExtensionContentsStmt: "ALTER EXTENSION",
  AlterExtensionStmt: "ALTER EXTENSION",
  AlterFdwStmt: "ALTER FOREIGN DATA WRAPPER",
  AlterForeignServerStmt: "ALTER SERVER",
  AlterOpFamilyStmt: "ALTER OPERATOR FAMILY",
  AlterOperatorStmt: "ALTER OPERATOR",
  AlterPolicyStmt: "ALTER POLICY",
  AlterPublicationStmt: "ALTER PUBLICATION",
  AlterSeqStmt: "ALTER SEQUENCE",
  AlterStatsStmt: "ALTER STATISTICS",
  AlterSubscriptionStmt: "ALTER SUBSCRIPTION",
  AlterTSConfigurationStmt: "ALTER TEXT SEARCH CONFIGURATION",
  AlterTSDictionaryStmt: "ALTER TEXT SEARCH DICTIONARY",
  AlterTypeStmt: "ALTER TYPE",
  AlterUserMappingStmt: "ALTER USER MAPPING",
  CompositeTypeStmt: "CREATE TYPE",
  CreateAmStmt: "CREATE ACCESS METHOD",
  CreateCastStmt: "CREATE CAST",
  CreateConversionStmt: "CREATE CONVERSION",
  CreateDomainStmt: "CREATE DOMAIN",
  CreateEnumStmt: "CREATE TYPE",
  CreateExtensionStmt: "CREATE EXTENSION",
  CreateFdwStmt: "CREATE FOREIGN DATA WRAPPER",
  CreateForeignServerStmt: "CREATE SERVER",
  CreateForeignTableStmt: "CREATE FOREIGN TABLE",
  CreateOpClassStmt: "CREATE OPERATOR CLASS",
  CreateOpFamilyStmt: "CREATE OPERATOR FAMILY",
  CreatePLangStmt: "CREATE LANGUAGE",
  CreatePolicyStmt: "CREATE POLICY",
  CreatePublicationStmt: "CREATE PUBLICATION",
  CreateRangeStmt: "CREATE TYPE",
  CreateSchemaStmt: "CREATE SCHEMA",
  CreateSeqStmt: "CREATE SEQUENCE",
  CreateStatsStmt: "CREATE STATISTICS",
  CreateStmt: "CREATE TABLE",
  CreateSubscriptionStmt: "CREATE SUBSCRIPTION",
  CreateTransformStmt: "CREATE TRANSFORM",
  CreateTrigStmt: "CREATE TRIGGER",
  CreateUserMappingStmt: "CREATE USER MAPPING",
  DropOwnedStmt: "DROP OWNED",
  DropSubscriptionStmt: "DROP SUBSCRIPTION",
  DropUserMappingStmt: "DROP USER MAPPING",
  ImportForeignSchemaStmt: "IMPORT FOREIGN SCHEMA",
  IndexStmt: "CREATE INDEX",
  RefreshMatViewStmt: "REFRESH MATERIALIZED VIEW",
  RuleStmt: "CREATE RULE",
  ViewStmt: "CREATE VIEW",
};

/** The tag of a command that fires event triggers, as `TG_TAG` has it; undefined for a statement that fires none. */
export function commandTag(node: Node, major: number): string | undefined {
  const [kind = ""] = Object.keys(node);
  const plain = plainTags[kind];
  if (plain !== undefined) return plain;
  if ("SelectStmt" in node)
    return node.SelectStmt.intoClause === undefined ? undefined : "SELECT INTO";
  if ("CreateTableAsStmt" in node) {
    const { objtype, is_select_into: isInto } = node.CreateTableAsStmt;
    if (objtype === "OBJECT_MATVIEW") return "CREATE MATERIALIZED VIEW";
    return isInto === true ? "SELECT INTO" : "CREATE TABLE AS";
  }
  if ("CreateFunctionStmt" in node)
    return node.CreateFunctionStmt.is_procedure === true ? "CREATE PROCEDURE" : "CREATE FUNCTION";
  if ("DefineStmt" in node) return tagged("CREATE", node.DefineStmt.kind);
  if ("DropStmt" in node) return tagged("DROP", node.DropStmt.removeType);
  // Since 17 (event_trigger.sgml, "Event Trigger Firing Matrix").
  if ("ReindexStmt" in node) return major >= 17 ? "REINDEX" : undefined;
  if ("GrantStmt" in node)
    return ifSupported(
      node.GrantStmt.is_grant === true ? "GRANT" : "REVOKE",
      node.GrantStmt.objtype,
    );
  if ("CommentStmt" in node) return ifSupported("COMMENT", node.CommentStmt.objtype);
  if ("SecLabelStmt" in node) return ifSupported("SECURITY LABEL", node.SecLabelStmt.objtype);
  return tagged("ALTER", alteredType(node));
}

/** The type of object that an ALTER of many types is about. */
function alteredType(node: Node): string | undefined {
  if ("AlterTableStmt" in node) return node.AlterTableStmt.objtype;
  if ("AlterTableMoveAllStmt" in node) return node.AlterTableMoveAllStmt.objtype;
  if ("AlterObjectSchemaStmt" in node) return node.AlterObjectSchemaStmt.objectType;
  if ("AlterObjectDependsStmt" in node) return node.AlterObjectDependsStmt.objectType;
  if ("AlterOwnerStmt" in node) return node.AlterOwnerStmt.objectType;
  if ("AlterFunctionStmt" in node) return node.AlterFunctionStmt.objtype;
  if (!("RenameStmt" in node)) return undefined;
  const { renameType, relationType } = node.RenameStmt;
  return renameType === "OBJECT_COLUMN" ? relationType : renameType;
}

function tagged(verb: string, type: string | undefined): string | undefined {
  const words = objectWords[type ?? ""];
  return words === undefined ? undefined : `${verb} ${words}`;
}

function ifSupported(tag: string, type: string | undefined): string | undefined {
  return unsupported.has(type ?? "") ? undefined : tag;
}
