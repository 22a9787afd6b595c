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
  /** Bounds of the batch's rows, 1 and 50,000 by default. */
  readonly least?: number;
  readonly most?: number;
  /** Rows of the first batch, 500 by default. */
  readonly first?: number;
}

/** Batches remembered. */
const window = 10;
/** A batch that takes so long, in ms, and five times as long as it should, is much too big. */
const muchTooLongMs = 250;
/** Rest after a batch that others stood in the way of, and the longest rest between two batches, in ms. */
const refusedMs = 200;
const longestRestMs = 2_000;

/**
 * Keeps batches near the wanted duration: rows follow the middle one of the last ten, by half to one and a half at a
 * step. What counts is the time for filling beyond what any statement costs now (the network, a server that is short of
 * processors, the disk): fewer rows would not make that shorter, and batches would shrink to nothing. A batch that is
 * much too long cuts the rows to a tenth at once, and so does at once what a shorter wish asks for. Between batches it
 * rests for others' share of the time, and while the verdict is to stop.
 */
export function batchPace(options: BatchPaceOptions): Pace {
  const { decide, next, stopped, least = 1, most = 50_000, first = 500 } = options;
  let rows = Math.min(Math.max(first, least), most);
  let wanted = decide().batchMs;
  let lastMs = 0;
  let recent: readonly { readonly fillMs: number; readonly commitMs: number }[] = [];
  const set = (value: number) => {
    rows = Math.min(Math.max(Math.round(value), least), most);
  };
  const follow = () => {
    const { batchMs } = decide();
    if (batchMs < wanted) {
      set((rows * batchMs) / wanted);
      recent = [];
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
    done({ ms, fillMs, commitMs, passed }) {
      lastMs = ms;
      // The last batch of a range is short: it says nothing of a full one.
      if (passed < rows) return;
      if (fillMs - commitMs > Math.max(5 * wanted, muchTooLongMs)) {
        recent = [];
        set(rows / 10);
        return;
      }
      recent = [...recent, { fillMs, commitMs }].slice(-window);
      const workMs =
        middle(recent.map((each) => each.fillMs)) - middle(recent.map((each) => each.commitMs));
      set(rows * Math.min(1.5, Math.max(0.5, wanted / Math.max(workMs, 0.1))));
    },
    refused: () => rest(refusedMs),
  };
}

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
