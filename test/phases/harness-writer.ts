import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "../../src/pg/index.ts";
import { parseSql } from "../../src/sql/index.ts";

interface WriterOptions {
  readonly url: string;
  /** The release's. */
  readonly name: string;
  readonly sql: string;
  readonly turns: Turns | undefined;
  /** Between one time and the next. 40 by default. */
  readonly pauseMs?: number;
}

/** Sends a release's statements, one after another, until it is stopped. */
export class Writer {
  readonly failures: string[] = [];
  /** How many times it has sent all of them. */
  #done = 0;
  readonly #each: number;
  readonly #session: Session;
  readonly #name: string;
  readonly #ended: Promise<void>;
  readonly #turns: Turns | undefined;
  readonly #pauseMs: number;
  #stopped = false;

  private constructor(
    session: Session,
    { name, sql, turns, each, pauseMs = 40 }: WriterOptions & { readonly each: number },
  ) {
    this.#session = session;
    this.#each = each;
    this.#name = name;
    this.#turns = turns;
    this.#pauseMs = pauseMs;
    this.#ended = this.#run(sql);
  }

  static async start(options: WriterOptions): Promise<Writer> {
    const { url, name, sql } = options;
    const statements = await parseSql(sql, name);
    const each = statements.filter(({ kind }) => kind !== "TransactionStmt").length;
    const session = await Session.open({ url, applicationName: `writer ${name}` });
    return new Writer(session, { ...options, each });
  }

  /** Statements that went well. */
  get sent(): number {
    return this.#done * this.#each;
  }

  async #run(sql: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const send = async () => this.#session.batch(sql);
        await (this.#turns === undefined ? send() : this.#turns.take(send));
        this.#done++;
      } catch (error) {
        this.failures.push(`${this.#name} release: ${(error as Error).message}`);
        await this.#session.query("ROLLBACK").catch(() => {});
        if (this.failures.length > 5) return;
      }
      await sleep(this.#pauseMs);
    }
  }

  /** Resolves after so many more statements; at once when it has given up. */
  async wrote(more: number): Promise<void> {
    for (const goal = this.#done + more; this.#done < goal && this.failures.length <= 5;)
      await sleep(5);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
    await this.#session.close();
  }
}

/** Lets one after the other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  async take<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => {});
    return mine;
  }
}
