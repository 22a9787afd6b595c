import type { Relation } from "../../world/index.ts";

/** Access methods of Postgres by whose indexes rows cannot be ordered (amclusterable). */
const unclusterable: ReadonlySet<string> = new Set(["hash", "gin", "brin", "spgist"]);

/** Why no table can be clustered by the index (cluster.c, check_index_is_clusterable); undefined when it can be. */
export function whyUnclusterable({ name, index }: Relation): string | undefined {
  if (index === undefined) return undefined;
  if (unclusterable.has(index.method))
    return `cannot cluster on index "${name}" because access method does not support it`;
  if (index.predicate !== undefined) return `cannot cluster on partial index "${name}"`;
  return index.valid ? undefined : `cannot cluster on invalid index "${name}"`;
}
