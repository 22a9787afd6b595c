import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../errors/index.ts";
import type { Emit } from "../events/index.ts";
import { isConnectionLost, Session } from "../pg/index.ts";

/** Advisory lock of a whole deploy; the runner's own (1280, 2) is taken within it. */
const key = "1280, 3";

const beatEveryMs = 10_000;

/**
 * The right to be the only deploy of a database: a session that holds an advisory lock from preflight to record. What
 * the deploy writes about itself goes through this session, so that a deploy that has lost it can record nothing.
 */
export class DeployLock implements AsyncDisposable {
  readonly session: Session;
  readonly #lost = new AbortController();
  #beat: NodeJS.Timeout | undefined;
  #closing = false;

  private constructor(session: Session) {
    this.session = session;
    void session.lost.then((reason) => this.#lose(reason.message));
  }

  /** Opens the session. It holds nothing until `take`. */
  static async open(url: string, release: string): Promise<DeployLock> {
    return new DeployLock(
      await Session.open({ url, applicationName: `lockstep/deploy ${release}` }),
    );
  }

  /** Aborted, with a `lease-lost` error, once another deploy may have begun. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Gets the lock, waiting for another deploy that is under way. A try-lock is repeated: a blocking wait would hold a
   * snapshot that the other deploy's index builds wait for. The session must be known not to be a transaction pooler's.
   *
   * @throws LockstepError `ledger-lock-timeout` after `waitMs`, naming the session that deploys
   */
  async take(options: {
    readonly waitMs: number;
    readonly emit: Emit;
    readonly signal?: AbortSignal | undefined;
  }): Promise<void> {
    const started = Date.now();
    // It waits idle while the deploy command runs, and reads catalogs that a rewrite may have locked.
    await this.session.batch(
      "SET idle_session_timeout = 0; SET statement_timeout = 0; SET lock_timeout = '15s'",
    );
    for (let told = 0; ;) {
      const { rows } = await this.session.query<{ got: boolean }>(
        `SELECT pg_catalog.pg_try_advisory_lock(${key}) AS got`,
      );
      if (rows[0]?.got === true) break;
      const waitedMs = Date.now() - started;
      if (waitedMs >= options.waitMs) throw await stillHeld(this.session, waitedMs);
      if (told === 0 || Date.now() - told > 10_000) {
        told = Date.now();
        const { holder, since } = await readHolder(this.session);
        options.emit({ type: "run.waiting", holder, since, waitedMs });
      }
      await sleep(Math.min(500, options.waitMs - waitedMs), undefined, { signal: options.signal });
    }
    this.#beat = setInterval(() => void this.assertHeld().catch(() => {}), beatEveryMs);
    this.#beat.unref();
  }

  /**
   * Asks the server whether the lock is still ours.
   * @throws LockstepError `lease-lost`
   */
  async assertHeld(): Promise<void> {
    this.#lost.signal.throwIfAborted();
    try {
      const { rows } = await this.session.query<{ held: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted
           AND pid = pg_catalog.pg_backend_pid() AND classid = 1280 AND objid = 3) AS held`,
      );
      if (rows[0]?.held !== true)
        this.#lose("its session is a different one now: a pooler is in between");
    } catch (error) {
      // A heartbeat may fall into a transaction that has just failed: that says nothing about the lock.
      if (!isConnectionLost(error) && this.session.isOpen) return;
      this.#lose((error as Error).message);
    }
    this.#lost.signal.throwIfAborted();
  }

  #lose(reason: string): void {
    if (this.#closing || this.#lost.signal.aborted) return;
    clearInterval(this.#beat);
    this.#lost.abort(
      new LockstepError("lease-lost", {
        what: "the session that holds the deploy's lock was lost",
        expected: "one session open from preflight to record, so that no second deploy can begin",
        found: reason,
        why: "the server restarted or failed over, somebody ended the session, or the network dropped it",
        next: ["lockstep deploy again: it goes on where this one stopped"],
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#beat);
    await this.session.close();
  }
}

async function readHolder(session: Session): Promise<{ holder: string; since: string }> {
  const { rows } = await session.query<{ holder: string; since: string }>(
    `SELECT pg_catalog.format('%s (pid %s, %s from %s)', a.application_name, a.pid, a.usename, coalesce(pg_catalog.host(a.client_addr), 'here')) AS holder,
            pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1280 AND l.objid = 3
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
  );
  return rows[0] ?? { holder: "another deploy", since: new Date().toISOString() };
}

async function stillHeld(session: Session, waitedMs: number): Promise<LockstepError> {
  const { holder, since } = await readHolder(session);
  return new LockstepError("ledger-lock-timeout", {
    what: "another deploy of this database is under way",
    expected: "one deploy at a time",
    found: `${holder}, since ${since}`,
    why: `it was waited for for ${Math.round(waitedMs / 1_000)} s`,
    next: ["wait until it ends, then deploy again; lockstep status shows what it does"],
  });
}
