import { LockstepError } from "../errors/index.ts";
import { diskFullState, sqlState } from "../pg/index.ts";

/** What a scratch server says when a clone has no room on it, as a failure with ways out; other errors as they are. */
export function explainNoRoom(error: unknown): unknown {
  if (sqlState(error) !== diskFullState) return error;
  return new LockstepError(
    "scratch-unavailable",
    {
      what: "the scratch server has no room for the clone",
      expected: "room for three times what its tables take, and for what the work needs",
      found: (error as Error).message,
      from: "the disk of LOCKSTEP_SCRATCH_HOME (the temporary files by default), or of the server that was named",
      why: "each run has a copy of its own; a clone that lacks rows would tell of less work than there is",
      next: [
        "lockstep rehearse --scale 1%,5%: smaller shares",
        "or set LOCKSTEP_SCRATCH_HOME to a folder on a larger disk",
        "or name a server that has room: --scratch-url postgres://…",
      ],
    },
    { cause: error },
  );
}
