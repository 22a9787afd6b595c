import { isLockstepError } from "../errors/index.ts";
import { finishRun, startRun } from "../ledger/index.ts";
import { redact, type Session } from "../pg/index.ts";
import {
  cancellation,
  detailsOf,
  ledgerFailure,
  requireUsable,
  takeOver,
  waitForLock,
  type Keeper,
  type RunOptions,
} from "../runner/index.ts";
import type { WrappedRequest } from "./request.ts";

/** A run of a command that is about to take the lock. */
interface Run {
  readonly request: Pick<WrappedRequest, "url" | "shown" | "emit" | "signal">;
  readonly run: string;
  readonly options: RunOptions;
}

/**
 * Does something with the lock and the fence of Lockstep's runner, as a run that is recorded with how it ended. Undefined when
 * another one has done it while this one waited.
 *
 * @param isDone asked while the lock is waited for
 */
export async function underLock<Value>(
  { request, run, options }: Run,
  session: Session,
  isDone: () => Promise<boolean>,
  work: (keeper: Keeper, halt: AbortSignal) => Promise<Value>,
): Promise<Value | undefined> {
  const { url, emit } = request;
  const cancelled = cancellation(request.signal);
  await requireUsable(session, url, run);
  if (!(await waitForLock({ session, emit, options, signal: cancelled }, isDone))) return undefined;
  await using keeper = await takeOver({ session, run, emit, options, signal: cancelled });
  const details = { ...detailsOf(run, options), detail: { wrapped: redact(request.shown, url) } };
  const isOwn = await keeper.use(async (own) => startRun(own, details, keeper.fence));
  const halt = AbortSignal.any([keeper.lost, cancelled]);
  try {
    const done = await work(keeper, halt);
    if (isOwn) await keeper.use(async (own) => finishRun(own, run, "succeeded"));
    return done;
  } catch (error) {
    const failure = isLockstepError(error) ? error : ledgerFailure(error, session.where);
    const { what, found } = failure.explanation;
    const outcome = failure.code === "run-cancelled" ? "stopped" : "failed";
    const told = { code: failure.code, what, found };
    await keeper.use(async (own) => finishRun(own, run, outcome, told)).catch(() => {});
    throw failure;
  }
}
