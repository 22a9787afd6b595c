import { setTimeout as sleep } from "node:timers/promises";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { isConnectionLost, Session } from "../pg/index.ts";

/** A session that is opened again after it was lost: a server that restarts is something to tell, not the watch's end. */
export class WatchedDatabase implements AsyncDisposable {
  readonly #url: string;
  readonly #limitMs: number;
  #session: Session | undefined;

  /** @param limitMs how long an answer is waited for: a server that hangs is in trouble too */
  constructor(url: string, limitMs = 30_000) {
    this.#url = url;
    this.#limitMs = limitMs;
  }

  /**
   * @throws LockstepError of a `connection-…` code where no session can be opened or none answers, and whatever `work` throws
   */
  async use<Value>(work: (session: Session) => Promise<Value>): Promise<Value> {
    this.#session ??= await Session.open({ url: this.#url, applicationName: "lockstep/watch" });
    const answered = new AbortController();
    const late = sleep(this.#limitMs, undefined, { signal: answered.signal }).then(() => {
      throw this.#noAnswer();
    });
    try {
      return await Promise.race([work(this.#session), late]);
    } catch (error) {
      if (unreachable(error) !== undefined) await this[Symbol.asyncDispose]();
      throw error;
    } finally {
      answered.abort();
      late.catch(() => {});
    }
  }

  #noAnswer(): LockstepError {
    return new LockstepError("connection-timeout", {
      what: "the database does not answer",
      found: `no answer within ${this.#limitMs} ms`,
      from: this.#session?.where,
      next: ["lockstep doctor"],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }
}

/** Why the database could not be asked; undefined for an error of another kind. */
export function unreachable(error: unknown): string | undefined {
  if (isLockstepError(error)) return error.explanation.found ?? error.explanation.what;
  return isConnectionLost(error) ? (error as Error).message : undefined;
}
