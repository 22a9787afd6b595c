import { setTimeout as sleep } from "node:timers/promises";
import type { Decision } from "./decide.ts";
import type { Pace } from "./worker.ts";

export interface BatchPaceOptions {
  /** How to go on now; asked before every batch. */
  readonly decide: () => Pick<Decision, "verdict" | "duty" | "batchMs">;
  /** Resolves when the decision may have changed. */
  readonly next: () => Promise<void>;
  /** True ends every rest. */
  readonly stopped: () => boolean;
  /** One round trip to the server in ms: a batch has three, which say nothing of the work. 0 by default. */
  readonly roundTripMs?: number;
  /** Bounds of the batch's rows, 1 and 50,000 by default. */
  readonly least?: number;
  readonly most?: number;
  /** Rows of the first batch, 500 by default. */
  readonly first?: number;
}

/** Batches remembered. */
const window = 10;
/** Rest after a batch that others stood in the way of, and the longest rest between two batches, in ms. */
const refusedMs = 200;
const longestRestMs = 2_000;

/**
 * Keeps batches near the wanted duration: rows follow the ninth of the last ten batches (p90), by half to one and a half
 * at a step; a batch of more than five times the wanted duration cuts them to a tenth at once, and so does at once what
 * a shorter wish asks for. Between batches it rests for others' share of the time, and while the verdict is to stop.
 */
export function batchPace(options: BatchPaceOptions): Pace {
  const { decide, next, stopped, roundTripMs = 0, least = 1, most = 50_000, first = 500 } = options;
  let rows = Math.min(Math.max(first, least), most);
  let wanted = decide().batchMs;
  let lastMs = 0;
  const recent: number[] = [];
  const set = (value: number) => {
    rows = Math.min(Math.max(Math.round(value), least), most);
  };
  const follow = () => {
    const { batchMs } = decide();
    if (batchMs < wanted) {
      set((rows * batchMs) / wanted);
      recent.length = 0;
    }
    wanted = batchMs;
  };
  const rest = async (ms: number) => {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !stopped(); left = until - performance.now())
      await sleep(Math.min(left, 100));
  };
  return {
    rows: () => rows,
    async ready() {
      await rest(Math.min(lastMs * (1 / decide().duty - 1), longestRestMs));
      while (decide().verdict === "stop" && !stopped()) await next();
      follow();
    },
    done({ ms, passed }) {
      lastMs = ms;
      // The last batch of a range is short: it says nothing of a full one.
      if (passed < rows) return;
      const workMs = Math.max(0.1, ms - 3 * roundTripMs);
      if (workMs > 5 * wanted) {
        recent.length = 0;
        set(rows / 10);
        return;
      }
      recent.push(workMs);
      if (recent.length > window) recent.shift();
      const sorted = recent.toSorted((a, b) => a - b);
      const p90 = sorted[Math.ceil(sorted.length * 0.9) - 1]!;
      set(rows * Math.min(1.5, Math.max(0.5, wanted / p90)));
    },
    refused: () => rest(refusedMs),
  };
}
