import type { Statement } from "../sql/index.ts";
import { bodyOf, inside, listOf, type Body } from "./tree.ts";

/**
 * Where a statement may run.
 *
 * - `inside`: in a transaction with its neighbours.
 * - `alone`: in a transaction of its own, because what it makes can be used only after the commit.
 * - `outside`: Postgres refuses it in a transaction block (callers of PreventInTransactionBlock), always or for
 *   some targets (a partitioned table), or it may commit by itself.
 */
export type Placement = "inside" | "alone" | "outside";

/** Decides from the parse tree; sources: utility.c, indexcmds.c, cluster.c, vacuum.c, subscriptioncmds.c. */
export function placementOf(statement: Statement): Placement {
  const body = bodyOf(statement);
  switch (statement.kind) {
    case "IndexStmt":
    case "DropStmt":
      return body["concurrent"] === true ? "outside" : "inside";
    case "AlterEnumStmt":
      // A new value cannot be used in the transaction that adds it (55P04); renaming one is ordinary.
      return body["newVal"] !== undefined && body["oldVal"] === undefined ? "alone" : "inside";
    case "AlterTableStmt":
      return listOf(body, "cmds").some(({ def }) => inside(def)["concurrent"] === true)
        ? "outside"
        : "inside";
    case "VacuumStmt":
      return body["is_vacuumcmd"] === true ? "outside" : "inside";
    // Refused for partitioned tables, schemas and databases, which the text does not show; each is atomic alone.
    case "ReindexStmt":
    case "ClusterStmt":
    case "CreatedbStmt":
    case "DropdbStmt":
    case "CreateTableSpaceStmt":
    case "DropTableSpaceStmt":
    case "AlterSystemStmt":
    case "DropSubscriptionStmt":
      return "outside";
    case "AlterDatabaseStmt":
      return hasOption(body, "tablespace") ? "outside" : "inside";
    case "DiscardStmt":
      return body["target"] === "DISCARD_ALL" ? "outside" : "inside";
    case "CreateSubscriptionStmt":
      return isOff(body, "create_slot") || isOff(body, "connect") ? "inside" : "outside";
    case "AlterSubscriptionStmt":
      return placementOfAlterSubscription(body);
    default:
      return "inside";
  }
}

/** True for statements that may hold a COMMIT of their own, which Postgres allows only outside a transaction block. */
export function mayCommitByItself(statement: Statement): boolean {
  return statement.kind === "CallStmt" || statement.kind === "DoStmt";
}

/** True for the CONCURRENTLY form of CREATE, DROP and REINDEX INDEX and of DETACH PARTITION. */
export function isConcurrent(statement: Statement): boolean {
  const body = bodyOf(statement);
  if (statement.kind === "ReindexStmt")
    return listOf(body, "params").some(
      (option) => option["defname"] === "concurrently" && !isFalse(option),
    );
  const kinds = ["IndexStmt", "DropStmt", "AlterTableStmt"];
  return kinds.includes(statement.kind) && placementOf(statement) === "outside";
}

function hasOption(body: Body, name: string): boolean {
  return listOf(body, "options").some((option) => option["defname"] === name);
}

function isOff(body: Body, name: string): boolean {
  const option = listOf(body, "options").find(({ defname }) => defname === name);
  return option !== undefined && isFalse(option);
}

/** True when a boolean option is given as false, in any of the spellings of defGetBoolean. */
function isFalse(option: Body): boolean {
  if (option["arg"] === undefined) return false;
  const { sval, ival, boolval } = inside(option["arg"]);
  if (typeof sval === "string") return ["false", "off"].includes(sval.toLowerCase());
  // Protobuf leaves out what is zero: an empty Integer is 0, an empty Boolean false.
  return boolval !== true && (ival ?? 0) === 0;
}

/** The slot on the publisher cannot be rolled back, so whatever touches it is refused in a block. */
function placementOfAlterSubscription(body: Body) {
  switch (body["kind"]) {
    case "ALTER_SUBSCRIPTION_REFRESH_PUBLICATION":
    case "ALTER_SUBSCRIPTION_REFRESH":
      return "outside";
    case "ALTER_SUBSCRIPTION_SET_PUBLICATION":
    case "ALTER_SUBSCRIPTION_ADD_PUBLICATION":
    case "ALTER_SUBSCRIPTION_DROP_PUBLICATION":
      return isOff(body, "refresh") ? "inside" : "outside";
    case "ALTER_SUBSCRIPTION_OPTIONS":
      return hasOption(body, "failover") || hasOption(body, "two_phase") ? "outside" : "inside";
    default:
      return "inside";
  }
}
