import type { CreateStatsStmt, CreateTrigStmt, RuleStmt } from "@pgsql/types";
import { columnsIn } from "./expressions.ts";
import type { ExtendedStatistics, RewriteRule, Trigger, TriggerEvent } from "./model.ts";
import { strings } from "./nodes.ts";

/** Bits of CreateTrigStmt's `timing` and `events` (catalog/pg_trigger.h, TRIGGER_TYPE_*). */
const before = 1 << 1;
const insteadOf = 1 << 6;
const eventBits: readonly (readonly [number, TriggerEvent])[] = [
  [1 << 2, "insert"],
  [1 << 4, "update"],
  [1 << 3, "delete"],
  [1 << 5, "truncate"],
];

/** What the text of CREATE TRIGGER says by itself, a migration's or pg_get_triggerdef's. */
export function triggerFacts(
  statement: CreateTrigStmt,
): Pick<Trigger, "timing" | "events" | "updateOf" | "when" | "isConstraint" | "forEachRow"> {
  const { timing = 0, events = 0 } = statement;
  return {
    forEachRow: statement.row ?? false,
    timing:
      (timing & before) !== 0 ? "before" : (timing & insteadOf) !== 0 ? "instead-of" : "after",
    events: eventBits.flatMap(([bit, event]) => ((events & bit) === 0 ? [] : [event])),
    updateOf: strings(statement.columns),
    // A whole row depends on none of its columns (dependency.c, find_expr_references_walker).
    when: columnsIn(statement.whenClause).filter((column) => column !== "*"),
    isConstraint: statement.isconstraint ?? false,
  };
}

const ruleEvents: Readonly<Record<string, RewriteRule["event"]>> = {
  CMD_SELECT: "select",
  CMD_INSERT: "insert",
  CMD_UPDATE: "update",
  CMD_DELETE: "delete",
};

/** What the text of CREATE RULE says by itself, a migration's or pg_get_ruledef's. */
export function ruleFacts(statement: RuleStmt): Pick<RewriteRule, "event" | "instead" | "nothing"> {
  const { event = "", instead = false, whereClause, actions = [] } = statement;
  return {
    event: ruleEvents[event] ?? "select",
    instead,
    nothing: instead && whereClause === undefined && actions.length === 0,
  };
}

/** What the text of CREATE STATISTICS says by itself, a migration's or pg_get_statisticsobjdef's. */
export function statisticsFacts({
  exprs = [],
}: CreateStatsStmt): Pick<ExtendedStatistics, "keys" | "expressions"> {
  const elements = exprs.flatMap((node) => ("StatsElem" in node ? [node.StatsElem] : []));
  return {
    keys: elements.flatMap(({ name }) => name ?? []),
    expressions: elements.flatMap(({ expr }) => expr ?? []),
  };
}
