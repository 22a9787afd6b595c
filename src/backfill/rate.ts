/** Rows a second of one process, as a range. */
export interface Rate {
  readonly typical: number;
  /** A tenth of the stretches were slower, and a tenth faster. */
  readonly low: number;
  readonly high: number;
}

/** Seconds until the end, as a range. */
export interface Remaining {
  readonly least: number;
  readonly most: number;
}

/** How long one stretch is over which rows are counted, in ms, and how many stretches are kept: a minute. */
const stretchMs = 2_000;
const kept = 30;

/** Counts rows and gives the rates of the last minute's stretches. */
export class RateMeter {
  readonly #rates: number[] = [];
  #rows = 0;
  #since: number;

  constructor(now: number) {
    this.#since = now;
  }

  add(rows: number): void {
    this.#rows += rows;
  }

  /** The rates of the stretches, oldest first; the one that runs counts once it is half over or there is no other. */
  rates(now: number): readonly number[] {
    const ms = now - this.#since;
    if (ms >= stretchMs) {
      this.#rates.push((this.#rows / ms) * 1_000);
      if (this.#rates.length > kept) this.#rates.shift();
      this.#rows = 0;
      this.#since = now;
      return [...this.#rates];
    }
    const isTelling = ms >= stretchMs / 2 || (this.#rates.length === 0 && ms > 0);
    return isTelling ? [...this.#rates, (this.#rows / ms) * 1_000] : [...this.#rates];
  }
}

/** The middle of a process's rates, and its range; all 0 without any. */
export function rateOf(rates: readonly number[]): Rate {
  const sorted = rates.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { typical: at(0.5), low: at(0.1), high: at(0.9) };
}

/**
 * Seconds for so many rows at the rates of all processes together; null when the table has more rows than its statistics
 * said, or when a process stands so that no end can be told.
 */
export function remainingSeconds(rows: number, rates: readonly Rate[]): Remaining | null {
  const low = rates.reduce((sum, rate) => sum + rate.low, 0);
  const high = rates.reduce((sum, rate) => sum + rate.high, 0);
  if (rows <= 0 || low <= 0) return null;
  return { least: rows / high, most: rows / low };
}
