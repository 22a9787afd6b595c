import type { Node } from "@pgsql/types";
import type { EffectDraft } from "./draft.ts";
import { hasOption, isOff } from "./maintain/index.ts";

/**
 * Notes that a statement without effect on relations is refused in a transaction block (callers of
 * PreventInTransactionBlock: utility.c, dbcommands.c, tablespace.c, subscriptioncmds.c).
 */
export function refuseInTransaction(draft: EffectDraft, node: Node): void {
  const what = refused(node);
  if (what !== undefined)
    draft.fail("in-transaction", "25001", `${what} cannot run inside a transaction block`);
}

function refused(node: Node): string | undefined {
  if ("CreatedbStmt" in node) return "CREATE DATABASE";
  if ("DropdbStmt" in node) return "DROP DATABASE";
  if ("CreateTableSpaceStmt" in node) return "CREATE TABLESPACE";
  if ("DropTableSpaceStmt" in node) return "DROP TABLESPACE";
  if ("AlterSystemStmt" in node) return "ALTER SYSTEM";
  if ("AlterDatabaseStmt" in node)
    return hasOption(node.AlterDatabaseStmt.options, "tablespace")
      ? "ALTER DATABASE SET TABLESPACE"
      : undefined;
  if ("DiscardStmt" in node)
    return node.DiscardStmt.target === "DISCARD_ALL" ? "DISCARD ALL" : undefined;
  if ("CreateSubscriptionStmt" in node) {
    const { options } = node.CreateSubscriptionStmt;
    return isOff(options, "create_slot") || isOff(options, "connect")
      ? undefined
      : "CREATE SUBSCRIPTION ... WITH (create_slot = true)";
  }
  if ("DropSubscriptionStmt" in node) return "DROP SUBSCRIPTION";
  if ("AlterSubscriptionStmt" in node) {
    const { kind, options } = node.AlterSubscriptionStmt;
    if (kind === "ALTER_SUBSCRIPTION_REFRESH") return "ALTER SUBSCRIPTION ... REFRESH";
    const changesList =
      kind === "ALTER_SUBSCRIPTION_SET_PUBLICATION" ||
      kind === "ALTER_SUBSCRIPTION_ADD_PUBLICATION" ||
      kind === "ALTER_SUBSCRIPTION_DROP_PUBLICATION";
    if (changesList && !isOff(options, "refresh")) return "ALTER SUBSCRIPTION with refresh";
    if (hasOption(options, "failover") || hasOption(options, "two_phase"))
      return "ALTER SUBSCRIPTION ... SET (failover)";
  }
  return undefined;
}
