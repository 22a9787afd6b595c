import { sqlState, Session } from "../pg/index.ts";
import type { QualifiedName } from "../sql/index.ts";

/** What the sessions of the load are called. */
export const loadName = "lockstep/rehearse load";

/** One thing that an application does again and again. */
export interface Operation {
  /** The table that it is told of under. */
  readonly relation: QualifiedName;
  readonly kind: "read" | "insert" | "update" | "delete" | "merge";
  /** Its form, where it is a statement of the application. */
  readonly sql?: string;
  /** The next one; undefined when there is none to be done now. */
  readonly next: () => { readonly sql: string; readonly values: readonly unknown[] } | undefined;
  /** Takes the rows that it gave. */
  readonly answered?: (rows: readonly (readonly unknown[])[]) => void;
  /** Constraints that the rows may break by the values that were drawn for it: what they refuse is no effect of the work. */
  readonly mayBreak?: ReadonlySet<string>;
}

export interface LoadOptions {
  readonly url: string;
  readonly operations: readonly Operation[];
  /** Which one is due at a turn, from 0. */
  readonly at: (turn: number) => Operation;
  readonly perSecond: number;
  readonly sessions: number;
}

/** One statement of the load, from the moment at which it was due to its end; times of `performance.now()`. */
export interface LoadStatement {
  readonly operation: Operation;
  readonly due: number;
  readonly end: number;
  readonly error: { readonly sqlState: string; readonly message: string } | undefined;
  /** The constraint of `mayBreak` that refused it. */
  readonly refusedBy?: string;
}

/** An application at work: an open loop, each statement timed from the moment at which it was due, so that a stall counts for all that came meanwhile. */
export class Load implements AsyncDisposable {
  readonly done: LoadStatement[] = [];
  readonly #options: LoadOptions;
  readonly #sessions: readonly Session[];
  readonly #idle: Session[];
  readonly #queue: (() => void)[] = [];
  readonly #refused = new Set<Operation>();
  #timer: NodeJS.Timeout | undefined;
  #running = 0;
  #turn = 0;

  private constructor(options: LoadOptions, sessions: readonly Session[]) {
    this.#options = options;
    this.#sessions = sessions;
    this.#idle = [...sessions];
  }

  static async open(options: LoadOptions): Promise<Load> {
    const sessions = await Promise.all(
      Array.from({ length: options.sessions }, async () =>
        Session.open({ url: options.url, applicationName: loadName }),
      ),
    );
    return new Load(options, sessions);
  }

  /**
   * Tries each operation once, alone, and leaves out those that fail: a trigger refuses them, or a row that is new.
   * @returns what is left out, in words
   */
  async rehearse(): Promise<readonly string[]> {
    const refused: string[] = [];
    for (const operation of this.#options.operations) {
      const statement = await run(this.#sessions[0]!, operation, performance.now());
      if (statement?.error === undefined) continue;
      this.#refused.add(operation);
      const { kind, relation } = operation;
      refused.push(`the load has no ${kind} of ${relation}: ${statement.error.message}`);
    }
    return refused;
  }

  start(): void {
    const gap = 1_000 / this.#options.perSecond;
    let due = performance.now();
    this.#timer = setInterval(() => {
      for (; due <= performance.now(); due += gap) void this.#ask(due);
    }, 2);
  }

  /** Sends no more, and waits for those that are under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    while (this.#running > 0)
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 5);
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#sessions.map(async (session) => session.close()));
  }

  async #ask(due: number): Promise<void> {
    const operation = this.#options.at(this.#turn++);
    if (this.#refused.has(operation)) return;
    this.#running++;
    try {
      if (this.#idle.length === 0) await new Promise<void>((resolve) => this.#queue.push(resolve));
      const session = this.#idle.pop()!;
      try {
        const statement = await run(session, operation, due);
        if (statement !== undefined) this.done.push(statement);
      } finally {
        this.#idle.push(session);
        this.#queue.shift()?.();
      }
    } finally {
      this.#running--;
    }
  }
}

/** Undefined where there is nothing to do. */
async function run(
  session: Session,
  operation: Operation,
  due: number,
): Promise<LoadStatement | undefined> {
  const asked = operation.next();
  if (asked === undefined) return undefined;
  try {
    const rows = await session.queryArrays(asked.sql, asked.values);
    operation.answered?.(rows);
    return { operation, due, end: performance.now(), error: undefined };
  } catch (error) {
    const { constraint } = error as Error & { readonly constraint?: string };
    const end = performance.now();
    if (constraint !== undefined && operation.mayBreak?.has(constraint) === true)
      return { operation, due, end, error: undefined, refusedBy: constraint };
    const state = sqlState(error) ?? "08006";
    const message = ofValue.test(state)
      ? "a value cannot be read as the type that is asked for"
      : (error as Error).message;
    return { operation, due, end, error: { sqlState: state, message } };
  }
}

/** SQLSTATEs whose texts quote the value, which may be one of a restored copy. */
const ofValue = /^22(?:P02|P03|007|008|018)$/;
