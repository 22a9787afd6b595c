import { shareContent } from "./content.ts";
import { deriveBefore, deriveOverlay } from "./derived.ts";
import { byId } from "./lookup.ts";
import type { ObjectId, World } from "./model.ts";
import { OverlayMap } from "./overlay-map.ts";
import {
  relationName,
  undoChanges,
  unrecordedFacts,
  type Changes,
  type UnrecordedFacts,
} from "./store.ts";

const views = new WeakMap<World, { readonly of: World; readonly changes: Changes }>();

/**
 * A world to try something on: what is changed in it does not show in `world`, and it costs as much as is changed. It is
 * right until `world` is changed.
 */
export function overlayWorld(world: World, unrecorded?: UnrecordedFacts): World {
  const overlay: World = {
    major: world.major,
    complete: world.complete,
    relations: new OverlayMap(world.relations),
    types: new OverlayMap(world.types),
    routines: new OverlayMap(world.routines),
    ...(unrecorded === undefined ? unrecordedFacts(world) : taken(unrecorded)),
  };
  deriveOverlay(world, overlay);
  if (unrecorded === undefined) shareContent(world, overlay);
  return overlay;
}

function taken({ others, nextId }: UnrecordedFacts): UnrecordedFacts["others"] {
  return { ...others, counter: { next: nextId } };
}

/**
 * The world as it was before `changes` made it what it is now, at the cost of the changes and not of the world. It is
 * right until `world` is changed again, and only to be read.
 */
export function worldBefore(world: World, changes: Changes, unrecorded: UnrecordedFacts): World {
  const view = viewBefore(world, changes, unrecorded);
  views.set(view, { of: world, changes });
  return view;
}

function viewBefore(world: World, changes: Changes, unrecorded: UnrecordedFacts): World {
  const { relations, types, routines } = changes;
  if (types.size > 0 || routines.size > 0) {
    const view = overlayWorld(world, unrecorded);
    undoChanges(view, changes);
    return view;
  }
  const view: World = {
    major: world.major,
    complete: world.complete,
    relations: new OverlayMap(world.relations),
    types: world.types,
    routines: world.routines,
    ...taken(unrecorded),
  };
  for (const id of relations.keys()) {
    const now = byId(world, id);
    const name = now === undefined ? undefined : relationName(now);
    if (name !== undefined && view.relations.get(name) === now) view.relations.delete(name);
  }
  for (const before of relations.values())
    if (before !== undefined) view.relations.set(relationName(before), before);
  deriveBefore(world, view, relations);
  return view;
}

/** What made `before` into `after`, where `before` is a view of it. */
export function changesSince(before: World, after: World): Changes | undefined {
  const view = views.get(before);
  return view?.of === after ? view.changes : undefined;
}

/** Ids in a world; a set of them will do too. */
export type ObjectIds = Pick<ReadonlySet<ObjectId>, "has">;

/** Ids of everything that the world holds now or held before: they are given out in order (see `newId`). */
export function objectsOf({ counter: { next } }: World): ObjectIds {
  return { has: (id) => id > 0 && id < next };
}
