import { errorCodes, type ErrorCode } from "./codes.ts";

/** The slots of a message written for someone under pressure (D3). Every slot is plain text. */
export interface Explanation {
  /** One line: what is wrong. Lower case, names quoted, no full stop. */
  readonly what: string;
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
  /** Where the expectation comes from: `file:line`, a migration, a commit. */
  readonly from?: string | undefined;
  /** Why it is probably so. */
  readonly why?: string | undefined;
  /** What to run or change next; one entry a line. */
  readonly next?: readonly string[] | undefined;
}

/** The same in every copy of this module: the command line is bundled, and a config may bring the library. */
const mark: unique symbol = Symbol.for("lockstep.error");

/**
 * A failure that a person is told about. `message` is the one-line `what`; the other slots are for the
 * reporter. Postgres errors stay reachable through `cause`, with their SQLSTATE.
 */
export class LockstepError extends Error {
  override readonly name = "LockstepError";
  readonly [mark] = true;
  readonly code: ErrorCode;
  readonly explanation: Explanation;

  constructor(code: ErrorCode, explanation: Explanation, options?: { readonly cause?: unknown }) {
    super(explanation.what, options);
    this.code = code;
    this.explanation = explanation;
  }

  /** The process exit code documented for this failure: 1, 2 or 3. */
  get exitCode(): 1 | 2 | 3 {
    return errorCodes[this.code];
  }
}

/** True for failures that Lockstep explains itself; anything else is a bug to be reported as such. */
export function isLockstepError(error: unknown): error is LockstepError {
  return error instanceof Error && mark in error;
}
