import type { Effect } from "../effects/index.ts";
import type { QualifiedName } from "../catalog/index.ts";

/**
 * Where a prediction is not what was then observed, in words; nothing when they agree. A prediction that says that it
 * does not know is not wrong, and what failed was not done.
 */
export function compareEffects(predicted: Effect, observed: Effect): readonly string[] {
  if (predicted.unknown.length > 0 || observed.unknown.length > 0) return [];
  if (observed.failures.length > 0 || predicted.failures.length > 0) return [];
  return [
    ...compare("lock", locksOf(predicted), locksOf(observed)),
    ...compare("rewrite", rewritesOf(predicted), rewritesOf(observed)),
  ];
}

function locksOf({ locks }: Effect): ReadonlyMap<QualifiedName, string> {
  return new Map(locks.map(({ relation, mode }) => [relation, mode]));
}

function rewritesOf({ work }: Effect): ReadonlyMap<QualifiedName, string> {
  const rewritten = new Map<QualifiedName, string>();
  for (const one of work) {
    if (one.kind === "rewrite") rewritten.set(one.relation, "new storage");
    if (one.kind === "index-build" && one.again && one.index !== undefined)
      rewritten.set(one.index, "new storage");
  }
  return rewritten;
}

function compare(
  what: string,
  predicted: ReadonlyMap<QualifiedName, string>,
  observed: ReadonlyMap<QualifiedName, string>,
): readonly string[] {
  const names = [...new Set([...predicted.keys(), ...observed.keys()])].toSorted();
  return names
    .filter((name) => predicted.get(name) !== observed.get(name))
    .map(
      (name) =>
        `${what} of ${name}: predicted ${predicted.get(name) ?? "none"}, observed ${observed.get(name) ?? "none"}`,
    );
}
