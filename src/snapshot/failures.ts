import { LockstepError } from "../errors/index.ts";

/** The failure of a snapshot that was not made: what is risky must not begin. */
export function snapshotFailed(
  what: string,
  found: string,
  next: readonly string[],
): LockstepError {
  return new LockstepError("snapshot-failed", {
    what,
    expected: "a snapshot that is whole",
    found,
    why: "without it there is no way back to the rows of this moment: nothing was begun",
    next,
  });
}

/** A program that makes snapshots is not on this machine. */
export function clientMissing(
  what: string,
  found: string,
  install: readonly string[],
): LockstepError {
  return new LockstepError("snapshot-client-missing", {
    what,
    expected: "the program in PATH, or where its packages put it",
    found,
    from: "this machine",
    why: "Lockstep's own Postgres packages hold the server only",
    next: install,
  });
}
