import type { AlterEventTrigStmt, CreateEventTrigStmt } from "@pgsql/types";
import { findRoutines } from "../lookup.ts";
import type { EventTrigger, EventTriggerEvent, ObjectId, World } from "../model.ts";
import { dottedName, strings } from "../nodes.ts";
import { all, type FoldContext } from "./context.ts";
import { truncateName } from "./object-names.ts";

/** CREATE EVENT TRIGGER; its function has no arguments (event_trigger.c, CreateEventTrigger). */
export function createEventTrigger(
  { world, searchPath }: FoldContext,
  { trigname = "", eventname = "", whenclause, funcname }: CreateEventTrigStmt,
): void {
  const name = truncateName(trigname);
  if (world.eventTriggers.has(name)) return;
  const routine = findRoutines(world, dottedName(strings(funcname)), searchPath).find(
    (candidate) => candidate.arguments.length === 0,
  );
  const tags = all(whenclause, "DefElem").flatMap(({ arg }) =>
    arg !== undefined && "List" in arg ? strings(arg.List.items) : [],
  );
  put(world, {
    name,
    event: eventname as EventTriggerEvent,
    tags: tags.map((tag) => tag.toUpperCase()),
    routine: routine?.id ?? 0,
    enabled: true,
  });
}

/** ALTER EVENT TRIGGER … ENABLE, ENABLE ALWAYS, ENABLE REPLICA, DISABLE. */
export function alterEventTrigger(
  { world }: FoldContext,
  { trigname = "", tgenabled = "" }: AlterEventTrigStmt,
): void {
  const trigger = world.eventTriggers.get(trigname);
  if (trigger !== undefined)
    put(world, { ...trigger, enabled: tgenabled === "O" || tgenabled === "A" });
}

export function renameEventTrigger(world: World, from: string, to: string): void {
  const trigger = world.eventTriggers.get(from);
  if (trigger === undefined) return;
  dropEventTriggers(world, ({ name }) => name === from);
  put(world, { ...trigger, name: truncateName(to) });
}

export function dropEventTrigger(world: World, dropped: string): void {
  dropEventTriggers(world, ({ name }) => name === dropped);
}

/** Those that call a routine go with it. */
export function dropEventTriggersOf(world: World, routine: ObjectId): void {
  dropEventTriggers(world, (trigger) => trigger.routine === routine);
}

function dropEventTriggers(world: World, goes: (trigger: EventTrigger) => boolean): void {
  const triggers = [...world.eventTriggers];
  if (triggers.some(([, trigger]) => goes(trigger)))
    world.eventTriggers = new Map(triggers.filter(([, trigger]) => !goes(trigger)));
}

function put(world: World, trigger: EventTrigger): void {
  world.eventTriggers = new Map(world.eventTriggers).set(trigger.name, trigger);
}
