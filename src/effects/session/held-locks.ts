import type { QualifiedName } from "../../sql/index.ts";
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
  if (held.length === 0 && locks.length === 1) return [{ ...locks[0]!, file, line }];
  const byRelation = new Map<QualifiedName, HeldLock>();
  for (const lock of held) byRelation.set(lock.relation, lock);
  for (const lock of locks) {
    const before = byRelation.get(lock.relation);
    if (before === undefined || stronger(before.mode, lock.mode) !== before.mode)
      byRelation.set(lock.relation, { ...lock, file, line });
  }
  return [...byRelation.values()];
}
