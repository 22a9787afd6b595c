import { copyWorld, undoChanges, type Changes, type World } from "../effects/index.ts";

/** What of a catalog is not in `Changes`. */
type Rest = Pick<World, "schemas" | "extensions" | "uncertain" | "counter">;

/** To be called before a statement is folded: what `catalogBefore` needs of the catalog. */
export function restOf({ schemas, extensions, uncertain, counter }: World): Rest {
  return {
    schemas: new Set(schemas),
    extensions: new Set(extensions),
    uncertain: [...uncertain],
    counter: { ...counter },
  };
}

/**
 * The catalog as it was before a statement that has been folded into `after`, made when it is first asked for: few
 * rules look at it, and a copy of a big catalog for every statement would cost more than everything else.
 */
export function catalogBefore(after: World, changes: Changes, rest: Rest): () => World {
  let made: World | undefined;
  return () => {
    if (made === undefined) {
      made = copyWorld(after);
      undoChanges(made, changes);
      refill(made.schemas, rest.schemas);
      refill(made.extensions, rest.extensions);
      made.uncertain.splice(0, made.uncertain.length, ...rest.uncertain);
      made.counter = rest.counter;
    }
    return made;
  };
}

function refill(names: Set<string>, from: ReadonlySet<string>): void {
  names.clear();
  for (const name of from) names.add(name);
}
