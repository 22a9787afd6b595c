import type { AlterTableCmd, Node } from "@pgsql/types";
import type { SessionState } from "../session/state.ts";
import {
  findRelation,
  type EventTrigger,
  type EventTriggerEvent,
  type Relation,
  type Routine,
  type World,
} from "../world/index.ts";
import { rangeName } from "../world/nodes.ts";
import { commandTag } from "./command-tag.ts";

/** An event trigger that a command fires, and what its function gets to know. */
export interface FiredTrigger {
  readonly trigger: EventTrigger;
  readonly event: EventTriggerEvent;
  /** `TG_TAG`. */
  readonly tag: string;
  /** Undefined when it is not known. */
  readonly routine: Routine | undefined;
}

/** The event triggers that a command fires at one event, in the order of their names (evtcache.c). */
export function firedBy(
  world: World,
  { settings }: Pick<SessionState, "settings">,
  node: Node,
  event: EventTriggerEvent,
): readonly FiredTrigger[] {
  if (world.eventTriggers.size === 0) return [];
  // A setting since 17 (event_trigger.c, EventTriggerCommonSetup).
  if (settings.get("event_triggers") === "off") return [];
  const tag = commandTag(node, world.major);
  if (tag === undefined) return [];
  const routines = new Map(
    [...world.routines.values()].flat().map((routine) => [routine.id, routine] as const),
  );
  return [...world.eventTriggers.values()]
    .filter((trigger) => trigger.enabled && trigger.event === event)
    .filter(({ tags }) => tags.length === 0 || tags.includes(tag))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((trigger) => ({ trigger, event, tag, routine: routines.get(trigger.routine) }));
}

/** True when a subcommand drops an object of its own: a column, a constraint, a default. */
export function dropsPart(world: World, node: Node, searchPath: readonly string[]): boolean {
  if (!("AlterTableStmt" in node)) return false;
  const relation = findRelation(world, rangeName(node.AlterTableStmt.relation), searchPath);
  if (relation === undefined) return false;
  return (node.AlterTableStmt.cmds ?? []).some(
    (each) => "AlterTableCmd" in each && drops(world, relation, each.AlterTableCmd),
  );
}

function drops(
  { major }: World,
  { columns, constraints }: Relation,
  { subtype, def, name }: AlterTableCmd,
): boolean {
  const column = columns.find((own) => own.name === name);
  const kind: string = subtype ?? "";
  switch (kind) {
    case "AT_DropColumn":
      return column !== undefined;
    case "AT_DropConstraint":
      return constraints.some((own) => own.name === name);
    case "AT_DropNotNull":
      return major >= 18 && column?.notNull === true;
    case "AT_ColumnDefault":
      return def === undefined && column?.default !== undefined;
    default:
      return false;
  }
}
