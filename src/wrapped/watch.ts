import { setTimeout as sleep } from "node:timers/promises";
import type { Emit } from "../events/index.ts";
import { readBlockers, Session } from "../pg/index.ts";
import { maskLiterals } from "../sql/index.ts";

/** What was seen of a command's sessions. */
export interface Seen {
  /** Sessions that carried the mark, so that what was pushed into them had arrived. */
  readonly sessions: ReadonlySet<number>;
  /** The longest wait for a lock, in ms. */
  readonly waitedMs: number;
  /** Waits that were ended because they took longer than the limit. */
  readonly ended: number;
  /** Who stood in the way last, in words. */
  readonly blockers: readonly string[];
}

interface Activity extends Record<string, unknown> {
  readonly pid: number;
  readonly query: string;
  readonly waited: number | null;
}

export interface WatchOptions {
  readonly url: string;
  /** What the command's sessions call themselves. */
  readonly mark: string;
  readonly lockTimeoutMs: number;
  readonly emit: Emit;
}

const everyMs = 50;

/** How long after its own `lock_timeout` a wait is ended from here: the server's own comes first where it arrived. */
const graceMs = 750;

/**
 * Watches a command's sessions from one of our own. A wait for a lock that takes longer than the limit is cancelled, whatever
 * the tool has made of its `lock_timeout`: everybody who comes later waits behind it. CONCURRENTLY waits by design.
 */
export class Watch implements AsyncDisposable {
  readonly #session: Session;
  readonly #options: WatchOptions;
  readonly #stop = new AbortController();
  readonly #looking: Promise<void>;
  readonly #sessions = new Set<number>();
  readonly #told = new Map<number, number>();
  #waitedMs = 0;
  #ended = 0;
  #blockers: readonly string[] = [];

  private constructor(session: Session, options: WatchOptions) {
    this.#session = session;
    this.#options = options;
    this.#looking = this.#look();
  }

  static async open(options: WatchOptions): Promise<Watch> {
    const { url } = options;
    return new Watch(await Session.open({ url, applicationName: "lockstep/watch" }), options);
  }

  get seen(): Seen {
    const [waitedMs, ended, blockers] = [this.#waitedMs, this.#ended, this.#blockers];
    return { sessions: this.#sessions, waitedMs, ended, blockers };
  }

  /** True when no session of the command is left. */
  async isGone(): Promise<boolean> {
    return (await this.#activities()).length === 0;
  }

  /** Ends what the command has left: whoever is idle at once, whoever is at work by a cancel. */
  async end(): Promise<void> {
    await this.#session.query(
      `SELECT CASE WHEN state = 'active' THEN pg_catalog.pg_cancel_backend(pid) ELSE pg_catalog.pg_terminate_backend(pid) END
         FROM pg_catalog.pg_stat_activity WHERE application_name = $1 AND datname = pg_catalog.current_database()`,
      [this.#options.mark],
    );
  }

  async #look(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        for (const activity of await this.#activities()) await this.#judge(activity);
      } catch {
        // Losing sight of the command changes nothing for it; what counts is looked up when it has ended.
      }
      await sleep(everyMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  async #activities(): Promise<readonly Activity[]> {
    const { rows } = await this.#session.query<Activity>(
      `SELECT a.pid, a.query,
         (SELECT pg_catalog.max(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - coalesce(l.waitstart, pg_catalog.clock_timestamp())) * 1000)
            FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND NOT l.granted) AS waited
       FROM pg_catalog.pg_stat_activity a WHERE a.application_name = $1 AND a.datname = pg_catalog.current_database()`,
      [this.#options.mark],
    );
    for (const { pid } of rows) this.#sessions.add(pid);
    return rows;
  }

  async #judge({ pid, query, waited }: Activity): Promise<void> {
    if (waited === null) return;
    const { lockTimeoutMs, emit } = this.#options;
    this.#waitedMs = Math.max(this.#waitedMs, waited);
    const last = this.#told.get(pid) ?? 0;
    if (waited > Math.min(1_000, lockTimeoutMs / 2) && Date.now() - last > 2_000) {
      const blockers = await readBlockers(this.#session, pid);
      if (blockers.length === 0) return;
      this.#told.set(pid, Date.now());
      this.#blockers = blockers.map(
        (one) =>
          `backend ${one.pid} (${one.application || one.user}), ${one.state} for ${one.transactionSeconds.toFixed(1)} s: ${one.query}`,
      );
      emit({
        type: "notice",
        severity: "warning",
        message: `the command waits for a lock since ${(waited / 1_000).toFixed(1)} s (${await maskLiterals(query, 100)}); in its way: ${this.#blockers.join("; ")}`,
      });
    }
    const isConcurrent = /\bconcurrently\b/i.test(query);
    if (lockTimeoutMs === 0 || isConcurrent || waited < lockTimeoutMs + graceMs) return;
    this.#ended++;
    await this.#session.query("SELECT pg_catalog.pg_cancel_backend($1)", [pid]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    await this.#session.close();
  }
}
