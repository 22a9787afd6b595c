import { blocksWrites, type Effect, type Work } from "../effects/index.ts";

/**
 * True when a statement may be run as it is while both releases run: it breaks nothing, fails on no rows, and does no
 * work that grows with a table under a lock that keeps others from writing. A short strong lock is the runner's to get.
 */
export function isHarmless({ locks, work, failures, breaks, unknown }: Effect): boolean {
  const holds = (relation: string) =>
    locks.some((lock) => lock.relation === relation && blocksWrites(lock.mode));
  return (
    unknown.length === 0 &&
    breaks.length === 0 &&
    failures.every(({ when }) => when === "in-transaction") &&
    work.every((one) => isBounded(one, holds))
  );
}

function isBounded(work: Work, holds: (relation: string) => boolean): boolean {
  switch (work.kind) {
    case "rewrite":
      return false;
    case "scan":
      return !holds(work.relation);
    case "index-build":
      return work.concurrent;
    case "foreign-key-check":
      return !holds(work.relation) && !holds(work.parent);
    case "row-change":
      return work.bounded;
  }
}
