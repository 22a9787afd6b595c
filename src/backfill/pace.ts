import { setTimeout as sleep } from "node:timers/promises";
import type { Pace } from "./worker.ts";

export interface BatchPaceOptions {
  /** How long a batch should take, in ms: the longest wait that it can make a writer of the same row suffer. 50 by default. */
  readonly targetMs?: number;
  /** Bounds of the batch's rows, 1 and 50,000 by default. */
  readonly least?: number;
  readonly most?: number;
  /** Rows of the first batch, 500 by default. */
  readonly first?: number;
}

/** Batches remembered. */
const window = 10;
/** Rest after a batch that others stood in the way of, in ms. */
const restMs = 200;

/**
 * Keeps batches near a duration: rows follow the ninth of the last ten batches (p90), by half to one and a half at a
 * step; a batch of more than five times the target cuts them to a tenth at once.
 */
export function batchPace(options: BatchPaceOptions = {}): Pace {
  const { targetMs = 50, least = 1, most = 50_000, first = 500 } = options;
  let rows = Math.min(Math.max(first, least), most);
  const recent: number[] = [];
  const set = (next: number) => {
    rows = Math.min(Math.max(Math.round(next), least), most);
  };
  return {
    rows: () => rows,
    async after({ ms, passed }) {
      // The last batch of a range is short: it says nothing of a full one.
      if (passed < rows) return;
      if (ms > 5 * targetMs) {
        recent.length = 0;
        set(rows / 10);
        return;
      }
      recent.push(ms);
      if (recent.length > window) recent.shift();
      const sorted = recent.toSorted((a, b) => a - b);
      const p90 = sorted[Math.ceil(sorted.length * 0.9) - 1]!;
      set(rows * Math.min(1.5, Math.max(0.5, targetMs / Math.max(p90, 0.1))));
    },
    async refused() {
      await sleep(restMs);
    },
  };
}
