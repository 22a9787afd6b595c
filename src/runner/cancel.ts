import { LockstepError } from "../errors/index.ts";
import type { Trace } from "./trace.ts";
import type { Worker } from "./worker.ts";

/** The user's signal, with the error that a stopped run ends with as its reason. */
export function cancellation(signal: AbortSignal | undefined): AbortSignal {
  const controller = new AbortController();
  const stop = () =>
    controller.abort(
      new LockstepError("run-cancelled", {
        what: "the run was stopped on request",
        found: "Ctrl-C or SIGTERM; what was in flight was cancelled and rolled back",
        next: ["run the same command again: it goes on where this one stopped"],
      }),
    );
  if (signal?.aborted === true) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  return controller.signal;
}

const everyMs = 300;

/**
 * Cancels what the worker does once the run is to halt: again and again, for a cancel that overtakes its statement
 * on the way to the server is lost. `rest()` ends it when the worker is to clean up.
 */
export class Canceller implements Disposable {
  readonly #halt: AbortSignal;
  readonly #start: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(halt: AbortSignal, trace: Trace, worker: Worker, patienceMs: number) {
    this.#halt = halt;
    let began: number | undefined;
    const cancel = () => {
      began ??= Date.now();
      // The server ends the statement within half a second then, or is out of reach anyway.
      if (Date.now() - began > patienceMs) void worker.session.close();
      const sql = "SELECT pg_catalog.pg_cancel_backend($1)";
      trace
        .use(async (session) => session.query(sql, [worker.pid]))
        // Without a second connection: the server notices within half a second that the client is gone.
        .catch(async () => worker.session.close());
    };
    this.#start = () => {
      cancel();
      this.#timer = setInterval(cancel, everyMs);
    };
    if (halt.aborted) this.#start();
    else halt.addEventListener("abort", this.#start, { once: true });
  }

  rest(): void {
    clearInterval(this.#timer);
  }

  [Symbol.dispose](): void {
    this.rest();
    this.#halt.removeEventListener("abort", this.#start);
  }
}
