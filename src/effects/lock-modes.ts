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
