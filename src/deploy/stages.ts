import { LockstepError } from "../errors/index.ts";
import { stoppedBy, type Emit } from "../events/index.ts";

/** The points of a deploy, in order. `docs/deploy.md` has a row for a failure at each. */
export const stages = [
  "preflight",
  "window",
  "compatibility",
  "snapshot",
  "migrate",
  "gate",
  "deploy command",
  "probes",
  "record",
] as const;

export type Stage = (typeof stages)[number];

/** Where a stage reports, and what stops the deploy before it. */
export interface StageContext {
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs one stage between its events and gives its value; `describe` words the result for the reader.
 * @throws LockstepError `run-cancelled` without beginning once the deploy is to stop, and what `work` throws
 */
export async function runStage<Value>(
  { emit, signal }: StageContext,
  stage: Stage,
  detail: string,
  work: () => Promise<Value>,
  describe: (value: Value) => string,
): Promise<Value> {
  if (signal?.aborted === true) throw cancelled(stage, stoppedBy(signal));
  const started = performance.now();
  emit({ type: "stage.started", stage, detail });
  try {
    const value = await work();
    emit({
      type: "stage.finished",
      stage,
      detail: describe(value),
      ms: Math.round(performance.now() - started),
    });
    return value;
  } catch (error) {
    // What a driver throws for a cancelled wait says nothing to anybody.
    const isStop = (error as Error).name === "AbortError";
    const failure = isStop ? cancelled(stage, stoppedBy(signal)) : error;
    emit({ type: "stage.failed", stage, detail: (failure as Error).message });
    throw failure;
  }
}

/** The failure of a deploy that was stopped in, or before, a stage. */
export function cancelled(stage: Stage, found: string): LockstepError {
  return new LockstepError("run-cancelled", {
    what: `the deploy was stopped on request, at ${stage}`,
    found,
    next: ["lockstep deploy again: it goes on where this one stopped"],
  });
}
