import { Session } from "../pg/index.ts";

/** How long what comes before the checked files may take to be replayed, in ms, when nobody says otherwise. */
export const defaultReplayMs = 600_000;

/** After as many requests to cancel, which code may catch (`WHEN query_canceled`), the session is ended. */
const requests = 3;

/** One time limit for a whole replay: what runs when it is over is cancelled. */
export class ReplayLimit {
  /** From the start, in ms. */
  readonly ms: number;
  readonly #url: string;
  readonly #end: number;
  #isOver = false;

  constructor(url: string, ms: number) {
    this.ms = ms;
    this.#url = url;
    this.#end = performance.now() + ms;
  }

  /** True when something was cancelled because the time was over. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs something of the session; what that throws is thrown on. */
  async hold<T>(session: Session, run: () => Promise<T>): Promise<T> {
    let asked = 0;
    let timer: NodeJS.Timeout | undefined;
    const ask = (): void => {
      this.#isOver = true;
      asked++;
      const end = asked > requests ? "pg_terminate_backend" : "pg_cancel_backend";
      // A server that takes no other session is asked again in a second.
      void this.#stop(session.keyDataPid, end).catch(() => {});
      timer = setTimeout(ask, 1_000);
    };
    timer = setTimeout(ask, Math.max(0, this.#end - performance.now()));
    try {
      return await run();
    } finally {
      clearTimeout(timer);
    }
  }

  async #stop(pid: number, how: "pg_cancel_backend" | "pg_terminate_backend"): Promise<void> {
    await using other = await Session.open({
      url: this.#url,
      applicationName: "lockstep/history",
    });
    await other.query(`SELECT pg_catalog.${how}($1)`, [pid]);
  }
}
