import type { QualifiedName } from "../../sql/index.ts";
import type { Break, RelationLock } from "../effect.ts";
import { stronger } from "../lock-modes.ts";
import type { HeldLock } from "./state.ts";

/** Adds what a statement locked to what was held; of two locks on a relation the stronger stays, with its place. */
export function addLocks(
  held: readonly HeldLock[],
  locks: readonly RelationLock[],
  file: string,
  line: number,
): readonly HeldLock[] {
  if (locks.length === 0) return held;
  const result = [...held];
  const placeOf = placesIn(result, locks.length);
  for (const lock of locks) {
    const place = placeOf(lock.relation);
    const before = result[place];
    if (before !== undefined && stronger(before.mode, lock.mode) === before.mode) continue;
    const { relation, kind, mode, role } = lock;
    result[place] = { relation, kind, mode, role, file, line };
  }
  return result;
}

/** What was held, under the names that a statement gave to relations: locks are told by the names of their moment. */
export function renameHeld(
  held: readonly HeldLock[],
  breaks: readonly Break[],
): readonly HeldLock[] {
  const names = new Map<string, QualifiedName>(
    breaks.flatMap(({ how, object, to }) =>
      (how === "renamed" || how === "moved") && to !== undefined ? [[object, to]] : [],
    ),
  );
  if (names.size === 0 || held.length === 0) return held;
  return held.map((lock) => {
    const name = names.get(lock.relation);
    return name === undefined ? lock : { ...lock, relation: name };
  });
}

/** Fewer comparisons than this cost less than an index. */
const fewComparisons = 64;

/** Where a relation's lock stands, or is to be put: behind the others. */
function placesIn(locks: readonly HeldLock[], more: number): (relation: QualifiedName) => number {
  if (locks.length * more <= fewComparisons)
    return (relation) => {
      const place = locks.findIndex((lock) => lock.relation === relation);
      return place === -1 ? locks.length : place;
    };
  const known = new Map<QualifiedName, number>();
  for (const [place, { relation }] of locks.entries()) known.set(relation, place);
  return (relation) => {
    const place = known.get(relation) ?? locks.length;
    known.set(relation, place);
    return place;
  };
}
