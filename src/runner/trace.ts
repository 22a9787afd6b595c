import type { Emit } from "../events/index.ts";
import { writeSteps, type StepRow } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import { closeSoon } from "./close.ts";
import type { RunOptions } from "./options.ts";
import { within } from "./pause.ts";
import { sessionName } from "./session-names.ts";
import { Turns } from "./turns.ts";

const flushAt = 100;
const flushAfterMs = 1_000;

/**
 * The run's second connection: it writes what was tried, whatever becomes of the transaction that tried it, and
 * it watches the first one. Rows are batched and committed asynchronously: losing the last of them in a server crash
 * loses no truth.
 */
export class Trace implements AsyncDisposable {
  readonly #session: Session;
  readonly #emit: Emit;
  /** An answer that takes longer is not waited for: the connection is dead. */
  readonly #withinMs: number;
  readonly #turns = new Turns();
  #rows: StepRow[] = [];
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #failed = false;

  private constructor(session: Session, emit: Emit, withinMs: number) {
    this.#withinMs = withinMs;
    this.#session = session;
    this.#emit = emit;
  }

  static async open(
    url: string,
    run: string,
    emit: Emit,
    { heartbeatMs }: RunOptions,
  ): Promise<Trace> {
    const session = await Session.open({ url, applicationName: sessionName(run, "trace") });
    await session.query("SET synchronous_commit = off");
    return new Trace(session, emit, 6 * heartbeatMs);
  }

  /** Uses the connection for something else, such as watching and cancelling, when it is free. */
  async use<Result>(task: (session: Session) => Promise<Result>): Promise<Result> {
    return within(
      this.#withinMs,
      this.#turns.take(async () => task(this.#session)),
    );
  }

  add(...rows: readonly StepRow[]): void {
    this.#rows.push(...rows);
    if (this.#rows.length >= flushAt) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), flushAfterMs).unref();
  }

  /** Writes what has gathered, and waits for what is being written. Never rejects: a trace must not fail a run. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length > 0)
      this.#writing = this.use(async (session) => writeSteps(session, rows)).catch((error) =>
        this.#complain(error as Error),
      );
    await this.#writing;
  }

  #complain(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#emit({
      type: "notice",
      severity: "warning",
      message: `the trace of the statements cannot be written (${error.message}); what counts is recorded with the migrations themselves`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await closeSoon(this.#session);
  }
}
