import { isLockstepError, LockstepError } from "../errors/index.ts";
import { NaiveFailure } from "./naive.ts";

/** Tells which statement of the migration itself does not run on scratch; anything else is passed on. */
export function failedNaively(error: unknown, file: string): unknown {
  if (isLockstepError(error) || !(error instanceof NaiveFailure)) return error;
  const from = `${file}:${error.statement.line}`;
  return new LockstepError(
    "scratch-run-failed",
    {
      what: `the migration itself does not run on a scratch database: ${from}`,
      expected: "SQL that runs after the migrations before it",
      found: error.message,
      from,
      why: "a plan does what the migration does, in phases: what it does is seen by running it",
      next: [
        "correct the migration",
        "or name a scratch server that has what it needs: --scratch-url postgres://…",
      ],
    },
    { cause: error },
  );
}
