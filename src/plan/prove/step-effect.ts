import { lockModes, type Break, type Effect, type RelationLock } from "../../effects/index.ts";
import type { QualifiedName } from "../../sql/index.ts";

/** What statements do together: each lock once, at its strongest. */
export function stepEffect(effects: readonly Effect[], breaks: readonly Break[]): Effect {
  const locks = new Map<QualifiedName, RelationLock>();
  for (const lock of effects.flatMap((effect) => effect.locks)) {
    const known = locks.get(lock.relation);
    const isKnown =
      known !== undefined && lockModes.indexOf(known.mode) >= lockModes.indexOf(lock.mode);
    if (!isKnown) locks.set(lock.relation, lock);
  }
  return {
    locks: [...locks.values()],
    work: effects.flatMap(({ work }) => work),
    failures: effects.flatMap(({ failures }) => failures),
    breaks,
    unknown: effects.flatMap(({ unknown }) => unknown),
  };
}
