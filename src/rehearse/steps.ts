import type { EventBody, EventStatement } from "../events/index.ts";
import type { Retry } from "./model.ts";
import type { ProcessorWaits } from "./processor-waits.ts";
import type { Sample } from "./sampler.ts";

/** When one statement of the run ran; times of `performance.now()`. */
export interface Step {
  readonly statement: EventStatement;
  readonly from: number;
  readonly to: number;
  /** By the clock. */
  readonly ms: number;
  /** Without the time that the server waited for a processor. */
  readonly workMs: number;
}

/**
 * No more of a statement's time than this is taken off: it may have been another session of the run that waited, and too short a
 * time is the worse mistake.
 */
const mostOff = 0.75;

/** Keeps what a run's events say of its statements. */
export class StepLog {
  readonly #finished: {
    readonly statement: EventStatement;
    readonly ms: number;
    readonly at: number;
    /** Share of its time that the server worked; undefined for one that is told of together with the one before. */
    readonly working: number | undefined;
  }[] = [];
  readonly #waits: ProcessorWaits;
  #isTelling = false;
  #startedAt = performance.now();

  readonly retries: Retry[] = [];

  constructor(waits: ProcessorWaits) {
    this.#waits = waits;
  }

  readonly emit = (event: EventBody): void => {
    if (event.type === "step.finished") {
      const { statement, ms } = event;
      const at = performance.now();
      const working = this.#isTelling
        ? undefined
        : 1 - Math.min(mostOff, this.#waits.since() / Math.max(0.001, at - this.#startedAt));
      this.#finished.push({ statement, ms, at, working });
      // Statements of one transaction are told of in one turn of the loop.
      this.#isTelling = true;
      setImmediate(() => (this.#isTelling = false));
    }
    if (event.type === "step.started" && !this.#isTelling) {
      this.#waits.since();
      this.#startedAt = performance.now();
    }
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
    for (const group of groups(this.#finished).toReversed()) {
      const working = group[0]!.working ?? 1;
      for (const { statement, ms, at } of group.toReversed()) {
        const to = Math.min(at, next);
        next = to - ms;
        steps.unshift({ statement, from: next, to, ms, workMs: ms * working });
      }
    }
    return steps;
  }
}

/** What was told of together. */
function groups<One extends { readonly working: number | undefined }>(
  all: readonly One[],
): readonly (readonly One[])[] {
  const found: One[][] = [];
  for (const one of all) {
    if (one.working !== undefined) found.push([one]);
    else found.at(-1)!.push(one);
  }
  return found;
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
