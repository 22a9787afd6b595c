import type { EventBody, EventStatement } from "../events/index.ts";
import type { Retry } from "./model.ts";
import type { Sample } from "./sampler.ts";

/** When one statement of the run ran; times of `performance.now()`. */
export interface Step {
  readonly statement: EventStatement;
  readonly from: number;
  readonly to: number;
  readonly ms: number;
}

/** Keeps what a run's events say of its statements. */
export class StepLog {
  readonly #finished: {
    readonly statement: EventStatement;
    readonly ms: number;
    readonly at: number;
  }[] = [];

  readonly retries: Retry[] = [];

  readonly emit = (event: EventBody): void => {
    if (event.type === "step.finished")
      this.#finished.push({ statement: event.statement, ms: event.ms, at: performance.now() });
    if (event.type === "step.retried") {
      const { file, line } = event.statement;
      this.retries.push({ at: `${file}:${line}`, reason: event.reason });
    }
  };

  /**
   * Statements of one transaction are told of together at its end, with the server's own clock: each ended when the next one
   * began.
   */
  steps(): readonly Step[] {
    const steps: Step[] = [];
    let next = Infinity;
    for (const { statement, ms, at } of this.#finished.toReversed()) {
      const to = Math.min(at, next);
      next = to - ms;
      steps.unshift({ statement, from: next, to, ms });
    }
    return steps;
  }
}

/** Two looks lie within the statement at the least: what shorter ones write is not told apart from their neighbours'. */
const readable = 40;

/** WAL written between two moments; null for a time too short. */
export function walBetween(samples: readonly Sample[], { from, to, ms }: Step): number | null {
  return ms < readable ? null : Math.max(0, Math.round(walAt(samples, to) - walAt(samples, from)));
}

function walAt(samples: readonly Sample[], at: number): number {
  const after = samples.findIndex((sample) => sample.at >= at);
  if (after === -1) return samples.at(-1)!.wal;
  const [one, other] = [samples[Math.max(0, after - 1)]!, samples[after]!];
  if (other.at === one.at) return other.wal;
  return one.wal + ((other.wal - one.wal) * (at - one.at)) / (other.at - one.at);
}
