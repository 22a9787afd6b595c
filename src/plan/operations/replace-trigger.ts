import type { Catalog, Trigger } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { parentFirst } from "../dual-writes/index.ts";
import { sqlName } from "../lookup.ts";
import { transaction } from "../model.ts";
import type { OperationInput, Recognised } from "./operation.ts";

/**
 * A trigger that is there in another form: by `CREATE OR REPLACE`, or by `DROP` and `CREATE` one after the other. In
 * one transaction, right before the new release.
 */
export function replaceTrigger(input: OperationInput): Recognised | undefined {
  const { statement, before, after, following, start } = input;
  const { node, sql } = statement;
  const [next] = following;
  const isMade = "CreateTrigStmt" in node && node.CreateTrigStmt.replace === true;
  const isDropped = "DropStmt" in node && node.DropStmt.removeType === "OBJECT_TRIGGER";
  const isAgain = next !== undefined && "CreateTrigStmt" in next.statement.node;
  if (!isMade && !(isDropped && isAgain)) return undefined;
  const end = isMade ? after : next!.after;
  const changed = Object.entries(before.triggers).filter(
    ([key, trigger]) => JSON.stringify(trigger) !== JSON.stringify(end.triggers[key]),
  );
  const own = changed.find(([, { inherited }]) => !inherited);
  if (own === undefined || !changed.every(([key]) => key in end.triggers)) return undefined;
  const [name, trigger] = own;
  const on = tableOf(before, trigger);
  if (on === undefined || start.triggers[name] === undefined) return undefined;
  const first = parentFirst(on, before.tables[trigger.table]?.kind === "partitioned");
  const title = `another form of trigger ${quoteIdent(trigger.name)} on ${on}`;
  return {
    title,
    planned: {
      settle: [
        {
          ...transaction(title, isMade ? [sql] : [...first, sql, next!.statement.sql]),
          undo: [{ kind: "transaction", statements: [...first, ...definitionOf(trigger, on)] }],
        },
      ],
      notes: [
        `${title} fires from the end of the backfill phase on, for writes of the old release too`,
      ],
    },
    takes: isMade ? 0 : 1,
  };
}

function tableOf({ tables, views }: Catalog, { table }: Trigger): string | undefined {
  const found = tables[table] ?? views[table];
  return found && sqlName(found);
}

/** The statements that make a trigger as it was, whatever of its name is there. */
function definitionOf({ name, definition, enabled }: Trigger, on: string): readonly string[] {
  const words = { disabled: "DISABLE", replica: "ENABLE REPLICA", always: "ENABLE ALWAYS" };
  return [
    `DROP TRIGGER IF EXISTS ${quoteIdent(name)} ON ${on}`,
    definition,
    ...(enabled === "origin"
      ? []
      : [`ALTER TABLE ${on} ${words[enabled]} TRIGGER ${quoteIdent(name)}`]),
  ];
}
