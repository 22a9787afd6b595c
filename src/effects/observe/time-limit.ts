import type { Session } from "../../pg/index.ts";

/** How long a statement may run on scratch before it is ended, in ms: on a few thousand rows nothing useful takes as long. */
export const defaultLimitMs = 60_000;

/** What tells a statement that was ended from one that failed by itself. */
const ended = new WeakSet<object>();

/** After as many requests to cancel, which a statement may catch (`WHEN query_canceled`), its session is ended. */
const requests = 3;

/** Ends what the worker runs when it does not end by itself. */
export class TimeLimit {
  readonly #watcher: Session;
  readonly #pid: number;
  readonly #ms: number;

  /**
   * @param pid the worker's backend
   * @param ms for one statement
   */
  constructor(watcher: Session, pid: number, ms: number) {
    this.#watcher = watcher;
    this.#pid = pid;
    this.#ms = ms;
  }

  /** In seconds, for messages. */
  get seconds(): number {
    return this.#ms / 1000;
  }

  /**
   * Runs so many statements of the worker.
   *
   * @throws what they throw; `wasEnded` knows whether the limit was the cause
   */
  async hold<T>(run: () => Promise<T>, statements = 1): Promise<T> {
    let asked = 0;
    let timer: NodeJS.Timeout | undefined;
    const ask = (): void => {
      asked++;
      const end = asked > requests ? "pg_terminate_backend" : "pg_cancel_backend";
      // A watcher that is lost ends the whole check where it is used next.
      void this.#watcher.query(`SELECT pg_catalog.${end}($1)`, [this.#pid]).catch(() => {});
      timer = setTimeout(ask, 1_000);
    };
    // A batch is limited as a whole: its last statements may be the slow ones.
    timer = setTimeout(ask, this.#ms + 250 * (statements - 1));
    try {
      return await run();
    } catch (error) {
      if (asked > 0) ended.add(error as object);
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** True when the error is the answer to a limit that ran out. */
export function wasEnded(error: unknown): boolean {
  return typeof error === "object" && error !== null && ended.has(error);
}
