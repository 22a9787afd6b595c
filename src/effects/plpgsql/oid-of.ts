import { findRelation, findType } from "../world/lookup.ts";
import type { World } from "../world/model.ts";
import { nameInText } from "../world/name-in-text.ts";

/** The types whose values are oids, and how each finds the object that a text names. */
const finders: Readonly<
  Record<string, (world: World, text: string, searchPath: readonly string[]) => string | undefined>
> = {
  regclass: (world, text, searchPath) => {
    const name = nameInText(text);
    const found = name && findRelation(world, name, searchPath);
    return found && String(found.id);
  },
  regtype: (world, text, searchPath) => {
    const name = nameInText(text);
    const found = name && findType(world, name, searchPath);
    return found && String(found.id);
  },
  regnamespace: (world, text) => {
    const name = nameInText(text)?.name;
    return name !== undefined && world.schemas.has(name) ? name : undefined;
  },
};

/** True for a type whose values are oids written as names. */
export function isNamedOid(type: string): boolean {
  return Object.hasOwn(finders, type);
}

/** The oid (as `catalog-rows.ts` gives it) of what a text names; undefined when it is not in the world. */
export function oidOf(
  type: string,
  text: string,
  { world, searchPath }: { readonly world: World; readonly searchPath: readonly string[] },
): string | undefined {
  return finders[type]?.(world, text, searchPath);
}
