import type { RelationLock } from "../effect.ts";
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
  const byRelation = new Map(held.map((lock) => [lock.relation, lock]));
  for (const lock of locks) {
    const before = byRelation.get(lock.relation);
    if (before === undefined || stronger(before.mode, lock.mode) !== before.mode)
      byRelation.set(lock.relation, { ...lock, file, line });
  }
  return [...byRelation.values()];
}
