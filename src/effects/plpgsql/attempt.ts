import type { World } from "../world/model.ts";
import {
  isSameSet,
  recordChanges,
  undoChanges,
  unrecordedFacts,
  type Changes,
} from "../world/store.ts";

/** What an action did to a world, and how to take it back. */
export interface Attempt {
  /** True when it changed anything. */
  readonly changed: boolean;
  readonly undo: () => void;
}

/** Runs an action that changes the world in place, in such a way that it can be undone. Doubts stay when it is undone. */
export function attempt(world: World, action: () => void): Attempt {
  const {
    uncertain: _uncertain,
    counter: _counter,
    schemas,
    extensions,
    ...others
  } = unrecordedFacts(world);
  const changes = recordChanges(world, action);
  const sameSets = isSameSet(world.schemas, schemas) && isSameSet(world.extensions, extensions);
  return {
    changed: size(changes) > 0 || !sameSets,
    undo: () => {
      undoChanges(world, changes);
      refill(world.schemas, schemas);
      refill(world.extensions, extensions);
      Object.assign(world, others);
    },
  };
}

function size({ relations, types, routines }: Changes): number {
  return relations.size + types.size + routines.size;
}

function refill(set: Set<string>, wanted: ReadonlySet<string>): void {
  if (isSameSet(set, wanted)) return;
  set.clear();
  for (const item of wanted) set.add(item);
}
