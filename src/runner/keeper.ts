import { LockstepError } from "../errors/index.ts";
import type { Emit } from "../events/index.ts";
import { beatLease, leaveLease, readLease, takeLease, tryRunLock } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import { awaitOrphans, orphanError } from "./orphans.ts";
import type { RunOptions } from "./options.ts";
import { backOff, pause, within } from "./pause.ts";
import { Turns } from "./turns.ts";

export interface KeeperOptions {
  readonly session: Session;
  readonly run: string;
  readonly holder: string;
  readonly emit: Emit;
  readonly options: RunOptions;
  readonly signal: AbortSignal;
}

/**
 * Holds the right to change this database: an advisory lock on a session that does nothing else, and the lease whose
 * fence stops whoever held it before.
 */
export class Keeper implements AsyncDisposable {
  readonly fence: number;
  readonly #session: Session;
  readonly #lost = new AbortController();
  readonly #turns = new Turns();
  readonly #beat: NodeJS.Timeout;
  readonly #withinMs: number;
  #closing = false;

  private constructor(session: Session, fence: number, beatMs: number) {
    this.#session = session;
    this.fence = fence;
    this.#beat = setInterval(() => void this.#heartbeat(), beatMs);
    this.#withinMs = 6 * beatMs;
    this.#beat.unref();
    void session.lost.then((reason) => this.#lose(reason.message));
  }

  /** Aborted, with a `lease-lost` error, once the lock can no longer be relied on. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Takes the lease for a session that holds the lock, waiting for what an earlier holder left running. The ledger
   * must exist.
   * @throws LockstepError `orphan-still-running`
   */
  static async take(given: KeeperOptions): Promise<Keeper> {
    const deadline = Date.now() + given.options.orphanWaitMs;
    for (;;) {
      await awaitOrphans(given.session, deadline, given.emit, given.signal);
      const fence = await takeLease(given.session, given);
      if (fence !== undefined) return new Keeper(given.session, fence, given.options.heartbeatMs);
      if (Date.now() >= deadline) throw await orphanError(given.session);
    }
  }

  /** Uses the session that holds the lock: what is written with it is undone when the lock is lost. */
  async use<Result>(task: (session: Session) => Promise<Result>): Promise<Result> {
    return this.#turns.take(async () => task(this.#session));
  }

  /** Whether the lock is lost, even if nobody has told us yet. */
  async isLost(): Promise<boolean> {
    await this.#heartbeat();
    return this.#lost.signal.aborted;
  }

  /**
   * Whether the lock is lost for a session that was opened after it was taken: it may have come to another server, a
   * standby that was promoted while ours still answers. There our lease is a copy that nobody holds.
   */
  async isLostFor(session: Session): Promise<boolean> {
    const lease = await readLease(session);
    if (lease?.fence !== this.fence || !lease.held)
      this.#lose("the server that answers now is not the one where this run holds its lock");
    return this.isLost();
  }

  async #heartbeat(): Promise<void> {
    try {
      const beat = this.use(async (session) => beatLease(session, this.fence));
      if (!(await within(this.#withinMs, beat))) this.#lose("another runner has taken the lease");
    } catch (error) {
      this.#lose((error as Error).message);
    }
  }

  #lose(reason: string): void {
    if (this.#closing || this.#lost.signal.aborted) return;
    clearInterval(this.#beat);
    this.#lost.abort(
      new LockstepError("lease-lost", {
        what: "the session that holds the lock on this database was lost",
        expected: "one session open from the run's start to its end",
        found: reason,
        why: "the server restarted or failed over, somebody ended the session, or the network dropped it",
        next: ["run the same command again: it goes on where this one stopped"],
      }),
    );
  }

  /** Lets go of the lease; the lock goes with the session, which its opener closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true;
    clearInterval(this.#beat);
    if (this.#lost.signal.aborted) return;
    const leave = this.use(async (session) => leaveLease(session, this.fence));
    await within(this.#withinMs, leave).catch(() => {});
  }
}

/**
 * Gets the lock, waiting for another runner as long as the options say. The ledger need not exist.
 *
 * @param isMoot asked between attempts: true when there is nothing left to have the lock for
 * @returns false when waiting became moot; then the lock is not held
 * @throws LockstepError `ledger-lock-timeout`
 */
export async function waitForLock(
  { session, emit, options, signal }: Omit<KeeperOptions, "run" | "holder">,
  isMoot: () => Promise<boolean>,
): Promise<boolean> {
  const started = Date.now();
  let told = 0;
  let named: string | undefined;
  for (let attempt = 1; !(await tryRunLock(session)); attempt++) {
    const waitedMs = Date.now() - started;
    if (waitedMs >= options.waitForRunnerMs) throw await lockTimeout(session, waitedMs);
    const isDue = told === 0 || Date.now() - told > 5_000;
    // The lease is written after the lock is taken: who was first reported without a name is reported again with it.
    const lease = isDue || named === undefined ? await readLease(session) : undefined;
    const holder: string | undefined = lease?.holder;
    if (isDue || (named === undefined && holder !== undefined)) {
      told = Date.now();
      named = holder;
      emit({
        type: "run.waiting",
        holder: holder ?? "another session (its lease is not written yet)",
        since: (lease?.acquiredAt ?? new Date(started)).toISOString(),
        waitedMs,
      });
    }
    const left = options.waitForRunnerMs - waitedMs;
    await pause(Math.min(left, 50 + backOff(attempt, 100, 2_000)), signal);
    if (await isMoot()) return false;
  }
  return true;
}

async function lockTimeout(session: Session, waitedMs: number): Promise<LockstepError> {
  const lease = await readLease(session);
  const { rows } = await session.query<{ pid: number; application: string }>(
    `SELECT l.pid, a.application_name AS application FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1280 AND l.objid = 2
       AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())`,
  );
  const backend = rows[0] === undefined ? "" : `, backend ${rows[0].pid} (${rows[0].application})`;
  return new LockstepError("ledger-lock-timeout", {
    what: `another run held this database for ${Math.round(waitedMs / 1000)} s and still does`,
    expected: "one run at a time on a database",
    found: `${lease?.holder ?? "an unknown holder"}${backend}`,
    from: "lockstep.lease",
    why:
      lease?.acquiredAt === undefined
        ? "its lease is not written yet"
        : `it holds the lock since ${lease.acquiredAt.toISOString()}, last seen ${lease.seenAt?.toISOString() ?? "never"}`,
    next: [
      "wait for it to finish, then run the command again; or wait longer: --wait-for-runner",
      "see what it does: lockstep status",
    ],
  });
}
