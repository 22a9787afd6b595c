import {
  firedBy,
  lockModes,
  overlayWorld,
  startPredicting,
  type EventTriggerEvent,
  type LockMode,
} from "../effects/index.ts";
import { listWords, lockWords } from "./evaluate-locks.ts";
import type { Rule, StatementInput, Verdict } from "./rule.ts";
import { sqlName, sqlRelation } from "./sql-names.ts";

/** A trigger on every later DDL of the database; and what such a trigger adds to a statement. */
export const eventTrigger: Rule = {
  id: "event-trigger",
  title: "Makes an event trigger, or fires one that locks",
  severity: "warning",
  kind: "hazard",
  statement(input): Iterable<Verdict> {
    const { node } = input.statement;
    if ("CreateEventTrigStmt" in node) return [created(input, node.CreateEventTrigStmt)];
    // The catalog before is made for those who ask: nearly no database has an event trigger.
    return input.after.eventTriggers.size === 0 ? [] : fired(input);
  },
};

function created(
  input: StatementInput,
  {
    trigname = "",
    eventname = "",
    whenclause = [],
  }: { trigname?: string; eventname?: string; whenclause?: unknown[] },
): Verdict {
  const every = whenclause.length === 0 ? "every later command" : "later commands of these kinds";
  return {
    at: input,
    message: `event trigger ${sqlName(trigname)} runs its function within ${every} (${eventname}), migrations of every tool included`,
    why: "what the function locks is held until that command's transaction ends, beside the command's own locks; when it fails, every such command fails with it, CREATE TEMPORARY TABLE of the application too (measured on 14 and 18); and only a superuser may make one (42501), which the role of migrations seldom is",
    wayOut: {
      text: "Keep the function short: a row in a log, no query of large tables, with a handler for its own errors. Say in WHEN TAG IN (…) which commands it is for. Have it made by the operator of the server, not in a migration; DROP EVENT TRIGGER always works, and since 17 SET event_triggers = off.",
    },
  };
}

const events: readonly EventTriggerEvent[] = [
  "ddl_command_start",
  "table_rewrite",
  "sql_drop",
  "ddl_command_end",
];

/** What a statement locks only because of its event triggers: predicted with and without them. */
function fired(input: StatementInput): readonly Verdict[] {
  const { statement, world, existing, session } = input;
  const triggers = events.flatMap((event) => firedBy(world, session, statement.node, event));
  if (triggers.length === 0) return [];
  const predict = (of: typeof world) =>
    startPredicting()({ statement, world: of, existing, session });
  const bare = overlayWorld(world);
  bare.eventTriggers = new Map();
  const alone = new Map(predict(bare).locks.map(({ relation, mode }) => [relation, mode]));
  const more = predict(world).locks.filter(({ relation, mode }) =>
    isMore(mode, alone.get(relation)),
  );
  if (more.length === 0) return [];
  const names = triggers.map(({ trigger, routine }) =>
    routine === undefined
      ? `event trigger ${sqlName(trigger.name)}`
      : `event trigger ${sqlName(trigger.name)} (${sqlRelation(routine)})`,
  );
  return [
    {
      at: input,
      severity: "info",
      message: `${listWords(names)} adds ${lockWords(more)}`,
      why: "the function of an event trigger runs in the transaction of the command, and its locks are held until that ends: whoever writes the same tables meets them too",
      wayOut: {
        text: "Nothing, when the table is one that only the trigger writes to. Else keep this command's transaction short, or take the command out of what the trigger is for (WHEN TAG IN …).",
      },
    },
  ];
}

function isMore(mode: LockMode, alone: LockMode | undefined): boolean {
  return alone === undefined || lockModes.indexOf(mode) > lockModes.indexOf(alone);
}
