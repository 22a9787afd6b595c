import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../errors/index.ts";
import type { Emit } from "../events/index.ts";
import { isConnectionLost, Session } from "../pg/index.ts";

/** First number of the advisory locks of plans; the second is a hash of the plan's id. */
const space = 1284;

interface LockRequest {
  readonly url: string;
  readonly plan: string;
  readonly waitMs: number;
  readonly emit: Emit;
  readonly signal: AbortSignal | undefined;
}

/**
 * The right to carry one plan in one database: a session that holds an advisory lock as long as the plan is being
 * carried, fills included, between which the runner's own lock is let go. Several plans can be carried at once.
 */
export class PlanLock implements AsyncDisposable {
  readonly #session: Session;
  readonly #lost = new AbortController();
  #closing = false;

  private constructor(session: Session) {
    this.#session = session;
    void session.lost.then((reason) => this.#lose(reason.message));
  }

  /**
   * Waits for whoever carries the plan now. A try-lock is repeated: a blocking wait would hold a snapshot that the
   * other one's index builds wait for.
   * @throws LockstepError `ledger-lock-timeout` after `waitMs`; an AbortError on `signal`
   */
  static async take({ url, plan, waitMs, emit, signal }: LockRequest): Promise<PlanLock> {
    const session = await Session.open({ url, applicationName: `lockstep/plan ${plan}` });
    try {
      await session.batch("SET idle_session_timeout = 0; SET statement_timeout = 0");
      const started = Date.now();
      for (let told = 0; ;) {
        const { rows } = await session.query<{ got: boolean }>(
          `SELECT pg_catalog.pg_try_advisory_lock(${space}, pg_catalog.hashtext($1)) AS got`,
          [plan],
        );
        if (rows[0]?.got === true) return new PlanLock(session);
        const waitedMs = Date.now() - started;
        if (waitedMs >= waitMs) throw await stillHeld(session, plan, waitedMs);
        if (told === 0 || Date.now() - told > 10_000) {
          told = Date.now();
          const since = new Date(started).toISOString();
          emit({ type: "run.waiting", holder: await holderOf(session, plan), since, waitedMs });
        }
        await sleep(
          Math.min(200, waitMs - waitedMs),
          undefined,
          signal === undefined ? {} : { signal },
        );
      }
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Aborted, with a `lease-lost` error, once somebody else may carry the plan. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Asks the server whether the lock is still ours.
   * @throws LockstepError `lease-lost`
   */
  async assertHeld(): Promise<void> {
    try {
      const { rows } = await this.#session.query<{ held: boolean }>(
        `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted
           AND pid = pg_catalog.pg_backend_pid() AND classid = ${space}) AS held`,
      );
      if (rows[0]?.held !== true)
        this.#lose("its session is a different one now: a pooler is in between");
    } catch (error) {
      if (!isConnectionLost(error) && this.#session.isOpen) throw error;
      this.#lose((error as Error).message);
    }
    this.#lost.signal.throwIfAborted();
  }

  #lose(reason: string): void {
    if (this.#closing || this.#lost.signal.aborted) return;
    this.#lost.abort(
      new LockstepError("lease-lost", {
        what: "the session that holds the plan's lock was lost",
        expected: "one session open for as long as the plan is carried",
        found: reason,
        why: "the server restarted or failed over, somebody ended the session, or the network dropped it",
        next: ["run the same command again: it goes on where this one stopped"],
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    await this.#session.close();
  }
}

async function holderOf(session: Session, plan: string): Promise<string> {
  const { rows } = await session.query<{ holder: string }>(
    `SELECT pg_catalog.format('%s (pid %s, %s from %s)', a.application_name, a.pid, a.usename, coalesce(pg_catalog.host(a.client_addr), 'here')) AS holder
       FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = ${space} AND l.objid::bigint = (pg_catalog.hashtext($1)::bigint & 4294967295)
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
    [plan],
  );
  return rows[0]?.holder ?? "another session";
}

async function stillHeld(session: Session, plan: string, waitedMs: number): Promise<LockstepError> {
  return new LockstepError("ledger-lock-timeout", {
    what: `plan ${plan} is being carried by another process`,
    expected: "one process at a time that carries a plan",
    found: await holderOf(session, plan),
    why: `it was waited for for ${Math.round(waitedMs / 1_000)} s`,
    next: ["wait until it ends, then run the command again; lockstep status shows what it does"],
  });
}
