import { LockstepError } from "../errors/index.ts";
import { stoppedBy } from "../events/index.ts";
import type { Trace } from "./trace.ts";
import type { Worker } from "./worker.ts";

/** The user's signal, with the error that a stopped run ends with as its reason. */
export function cancellation(signal: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController();
  const stop = () =>
    controller.abort(
      new LockstepError("run-cancelled", {
        what: "the run was stopped on request",
        found: `${stoppedBy(signal)}; what was in flight was cancelled: nothing of its transaction remains`,
        next: ["run the same command again: it goes on where this one stopped"],
      }),
    );
  if (signal?.aborted === true) stop();
  // On one of its own: many runs may share a signal, and each would leave a listener behind.
  else if (signal !== undefined)
    AbortSignal.any([signal]).addEventListener("abort", stop, { once: true });
  return controller.signal;
}

const everyMs = 300;

/**
 * Cancels what the worker does once the run is to halt: again and again, for a cancel that overtakes its statement
 * on the way to the server is lost. `rest()` ends it when the worker is to clean up.
 */
export class Canceller implements Disposable {
  readonly #halt: AbortSignal;
  readonly #cancel: () => void;
  readonly #start = () => {
    if (this.#isResting || this.#holds > 0) return;
    this.#cancel();
    this.#timer = setInterval(this.#cancel, everyMs);
  };
  #timer: NodeJS.Timeout | undefined;
  #holds = 0;
  #isResting = false;

  constructor(halt: AbortSignal, trace: Trace, worker: Worker, patienceMs: number) {
    this.#halt = halt;
    let began: number | undefined;
    this.#cancel = () => {
      began ??= Date.now();
      // The session of now: one that takes its place later has done nothing that is to be cancelled.
      const { pid, session } = worker;
      // The server ends the statement within half a second then, or is out of reach anyway.
      if (Date.now() - began > patienceMs) void session.close();
      const sql = "SELECT pg_catalog.pg_cancel_backend($1)";
      trace
        .use(async (second) => second.query(sql, [pid]))
        // Without a second connection: the server notices within half a second that the client is gone.
        .catch(async () => session.close());
    };
    if (halt.aborted) this.#start();
    else halt.addEventListener("abort", this.#start, { once: true });
  }

  rest(): void {
    this.#isResting = true;
    clearInterval(this.#timer);
  }

  /**
   * Cancels nothing until it is disposed of: while the worker's lost session is replaced, and what became of its
   * transaction is looked up with the new one.
   */
  hold(): Disposable {
    this.#holds++;
    clearInterval(this.#timer);
    return {
      [Symbol.dispose]: () => {
        this.#holds--;
        if (this.#halt.aborted) this.#start();
      },
    };
  }

  [Symbol.dispose](): void {
    this.rest();
    this.#halt.removeEventListener("abort", this.#start);
  }
}
