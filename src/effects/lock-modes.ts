/** Table-level lock modes, weakest first (lockdefs.h; manual 13.3.1). */
export const lockModes = [
  "AccessShare",
  "RowShare",
  "RowExclusive",
  "ShareUpdateExclusive",
  "Share",
  "ShareRowExclusive",
  "Exclusive",
  "AccessExclusive",
] as const;

/** A table-level lock mode, named as in `pg_locks.mode` without the closing `Lock`. */
export type LockMode = (typeof lockModes)[number];

/** 1 for AccessShare to 8 for AccessExclusive. */
export function strength(mode: LockMode): number {
  return lockModes.indexOf(mode) + 1;
}

/** The stronger of two modes. */
export function stronger(a: LockMode, b: LockMode): LockMode {
  return strength(a) >= strength(b) ? a : b;
}

/** True when a lock of this mode makes SELECT wait. */
export function blocksReads(mode: LockMode): boolean {
  return mode === "AccessExclusive";
}

/** True when a lock of this mode makes INSERT, UPDATE and DELETE wait (they take RowExclusive). */
export function blocksWrites(mode: LockMode): boolean {
  return strength(mode) >= strength("Share");
}

/** The conflict table of lock.c: the strengths that each mode waits for. */
const conflicts: Readonly<Record<LockMode, readonly number[]>> = {
  AccessShare: [8],
  RowShare: [7, 8],
  RowExclusive: [5, 6, 7, 8],
  ShareUpdateExclusive: [4, 5, 6, 7, 8],
  Share: [3, 4, 6, 7, 8],
  ShareRowExclusive: [3, 4, 5, 6, 7, 8],
  Exclusive: [2, 3, 4, 5, 6, 7, 8],
  AccessExclusive: [1, 2, 3, 4, 5, 6, 7, 8],
};

/** True when two transactions cannot hold these modes on one relation at the same time. */
export function conflict(a: LockMode, b: LockMode): boolean {
  return conflicts[a].includes(strength(b));
}
