import type { World } from "./model.ts";

/** Stands for what a world holds at one moment: two worlds with the same token hold the same. */
export type ContentToken = object;

interface Content {
  readonly token: ContentToken;
  readonly others: readonly unknown[];
}

const contents = new WeakMap<World, Content>();

/** The token of what the world holds now: the same one until anything changes. */
export function contentOf(world: World): ContentToken {
  const known = contents.get(world);
  const others = othersOf(world);
  if (known !== undefined && isSame(known.others, others)) return known.token;
  const token = {};
  keep(world, { token, others });
  return token;
}

/** To be called for every relation, type and routine that is put or removed. */
export function contentChanged(world: World): void {
  if (world === cleared) return;
  contents.delete(world);
  cleared = world;
}

/** A world that has no token: most are changed often and asked for it never. */
let cleared: World | undefined;

function keep(world: World, content: Content): void {
  contents.set(world, content);
  if (world === cleared) cleared = undefined;
}

/** Notes that `copy` holds what `world` holds now. */
export function shareContent(world: World, copy: World): void {
  keep(copy, { token: contentOf(world), others: othersOf(copy) });
}

/**
 * What is changed without `contentChanged`: sets are compared by what is in them, lists by what was added.
 */
function othersOf(world: World): readonly unknown[] {
  const {
    relations: _relations,
    types: _types,
    routines: _routines,
    counter: _counter,
    ...others
  } = world;
  return Object.values(others).flatMap((value: unknown) => {
    if (value instanceof Set) return [...value].join(" ");
    return Array.isArray(value) ? [value, value.length] : [value];
  });
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
