import { lockModes, type Effect, type LockMode } from "../effects/index.ts";
import type { Statement } from "../sql/index.ts";
import type { QualifiedName } from "../catalog/index.ts";

/** What triggers and foreign keys of a changed table lock, and what a program does, hangs on the rows that it meets. */
const rowsDecide: ReadonlySet<string> = new Set([
  "CallStmt",
  "CopyStmt",
  "DeleteStmt",
  "DoStmt",
  "InsertStmt",
  "MergeStmt",
  "SelectStmt",
  "UpdateStmt",
]);

/**
 * Where a prediction is not what was then observed, in words; nothing when they agree. A prediction that says that it
 * does not know is not wrong, and what failed was not done. Where rows decide, a prediction says what may be locked: less
 * is no difference.
 */
export function compareEffects(
  predicted: Effect,
  observed: Effect,
  { kind }: Pick<Statement, "kind">,
): readonly string[] {
  if (predicted.unknown.length > 0 || observed.unknown.length > 0) return [];
  if (observed.failures.length > 0 || predicted.failures.length > 0) return [];
  return [
    ...compare("lock", atMost(predicted, observed, rowsDecide.has(kind)), locksOf(observed)),
    ...compare("rewrite", rewritesOf(predicted), rewritesOf(observed)),
  ];
}

function locksOf({ locks }: Effect): ReadonlyMap<QualifiedName, LockMode> {
  return new Map(locks.map(({ relation, mode }) => [relation, mode]));
}

/** The locks of a prediction; with `isBound`, those that were observed at least as strong as they are in it. */
function atMost(
  predicted: Effect,
  observed: Effect,
  isBound: boolean,
): ReadonlyMap<QualifiedName, LockMode> {
  const locks = locksOf(predicted);
  if (!isBound) return locks;
  const seen = locksOf(observed);
  const strength = (mode: LockMode) => lockModes.indexOf(mode);
  return new Map(
    [...locks].flatMap(([relation, mode]) => {
      const own = seen.get(relation);
      if (own === undefined) return [];
      return [[relation, strength(own) < strength(mode) ? own : mode] as const];
    }),
  );
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
