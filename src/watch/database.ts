import { isLockstepError } from "../errors/index.ts";
import { isConnectionLost, Session } from "../pg/index.ts";

/** A session that is opened again after it was lost: a server that restarts is something to tell, not the watch's end. */
export class WatchedDatabase implements AsyncDisposable {
  readonly #url: string;
  #session: Session | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** @throws LockstepError of a `connection-…` code where no session can be opened, and whatever `work` throws */
  async use<Value>(work: (session: Session) => Promise<Value>): Promise<Value> {
    this.#session ??= await Session.open({ url: this.#url, applicationName: "lockstep/watch" });
    try {
      return await work(this.#session);
    } catch (error) {
      if (isConnectionLost(error)) await this[Symbol.asyncDispose]();
      throw error;
    }
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
