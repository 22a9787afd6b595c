import { dropsPart, firedBy, type FiredTrigger } from "../event-triggers/index.ts";
import {
  fold,
  objectsOf,
  overlayWorld,
  recordChanges,
  type EventTriggerEvent,
  type World,
} from "../world/index.ts";
import type { EffectDraft } from "./draft.ts";
import type { PredictInput } from "./input.ts";
import { runRoutine } from "./query/index.ts";

/**
 * What the functions of event triggers do that a command fires: before it, and when it has not failed on the catalog that
 * it leaves (event_trigger.c).
 */
export function fireEventTriggers(draft: EffectDraft, { statement, session }: PredictInput): void {
  const { world } = draft;
  const { node } = statement;
  if (world.eventTriggers.size === 0) return;
  const fire = (part: EffectDraft, fired: readonly FiredTrigger[]) => {
    for (const each of fired) run(part, each);
  };
  const failed = draft.fails;
  fire(draft, firedBy(world, session, node, "ddl_command_start"));
  if (failed) return;
  const rewriting = firedBy(world, session, node, "table_rewrite");
  if (rewriting.length > 0 && rewrites(draft, statement)) fire(draft, rewriting);
  if (!isFired(world, "sql_drop") && !isFired(world, "ddl_command_end")) return;
  const after = overlayWorld(world);
  const isDrop = drops(world, after, draft, statement);
  const part = draft.part(after);
  // An event trigger that goes with its function is not asked any more.
  if (isDrop) fire(part, firedBy(after, session, node, "sql_drop"));
  fire(part, firedBy(after, session, node, "ddl_command_end"));
  draft.add(part.effect());
}

function isFired({ eventTriggers }: World, at: EventTriggerEvent): boolean {
  return [...eventTriggers.values()].some(({ event, enabled }) => enabled && event === at);
}

function run(draft: EffectDraft, { trigger, event, tag, routine }: FiredTrigger): void {
  if (routine === undefined)
    draft.unknown(`event trigger ${trigger.name} calls a function that is not known`);
  else runRoutine(draft, routine, { eventTrigger: { event, tag } });
}

/** ALTER TABLE, ALTER TYPE and ALTER MATERIALIZED VIEW that write a table again, an empty or a new one too. */
function rewrites(draft: EffectDraft, statement: PredictInput["statement"]): boolean {
  const { node } = statement;
  if (!("AlterTableStmt" in node) && !("AlterTypeStmt" in node)) return false;
  const bare = overlayWorld(draft.world);
  bare.eventTriggers = new Map();
  const { work } = draft.part(bare, objectsOf(bare)).predict(statement);
  return work.some(({ kind }) => kind === "rewrite");
}

/** Folds the statement into `after`; true when it drops something that sql_drop tells of. */
function drops(
  world: World,
  after: World,
  { searchPath }: EffectDraft,
  { node }: PredictInput["statement"],
): boolean {
  const changes = recordChanges(after, () => {
    fold({ node }, after, { searchPath });
  });
  if ("DropOwnedStmt" in node) return true;
  if (!("DropStmt" in node)) return dropsPart(world, node, searchPath);
  if (node.DropStmt.missing_ok !== true) return true;
  return (
    changes.relations.size + changes.types.size + changes.routines.size > 0 ||
    after.schemas.size < world.schemas.size ||
    after.extensions.size < world.extensions.size ||
    after.publications.size < world.publications.size ||
    after.foreignServers.size < world.foreignServers.size
  );
}
