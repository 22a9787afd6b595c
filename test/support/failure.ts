import { isLockstepError, type ErrorCode, type Explanation } from "../../src/errors/index.ts";

/** Everything a person or a script is told of a failure. */
export interface Failure extends Explanation {
  readonly code: ErrorCode;
  readonly exitCode: 1 | 2 | 3;
}

/** Runs `action`, which must fail in the documented form, and gives all slots of the failure. */
export async function failureOf(action: () => unknown): Promise<Failure> {
  let result: unknown;
  try {
    result = await action();
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    return { code: error.code, exitCode: error.exitCode, ...error.explanation };
  }
  throw new Error(`it should have failed, but gave ${JSON.stringify(result)}`);
}
