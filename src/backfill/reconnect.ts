import { setTimeout as sleep } from "node:timers/promises";
import { isLockstepError } from "../errors/index.ts";
import { isConnectionLost } from "../pg/index.ts";

/** How long a lost connection is tried again for, without anything done in between, and how often, in ms. */
const forMs = 60_000;
const everyMs = 1_000;

/**
 * Does something again when the connection was lost: servers restart and fail over.
 *
 * @param done something that rises with what is done: each success begins the time anew
 * @throws the last failure when nothing was done for a minute, and at once any that is not of the connection
 */
export async function persistently<Result>(
  action: () => Promise<Result>,
  { done, stopped }: { readonly done: () => number; readonly stopped: () => boolean },
): Promise<Result> {
  let since = performance.now();
  let before = done();
  for (;;)
    try {
      return await action();
    } catch (error) {
      if (done() > before) since = performance.now();
      before = done();
      if (!isOfConnection(error) || stopped() || performance.now() - since >= forMs) throw error;
      await sleep(everyMs);
    }
}

function isOfConnection(error: unknown): boolean {
  if (isLockstepError(error)) return error.code.startsWith("connection-");
  return isConnectionLost(error);
}
