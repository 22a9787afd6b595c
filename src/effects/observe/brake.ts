import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "../../pg/index.ts";

const hold = "BEGIN; LOCK TABLE pg_catalog.pg_class IN SHARE MODE";

const waits = `
  SELECT FROM pg_catalog.pg_locks
   WHERE pid = $1 AND NOT granted AND relation = 'pg_catalog.pg_class'::pg_catalog.regclass`;

/**
 * Makes another session stop whenever it is about to write to pg_class.
 *
 * A holder has a SHARE lock on pg_class, which lets everybody read it. Before it lets go, a second holder queues for the
 * same lock behind the session that stands there: it gets the lock in the very moment in which that session gives it back
 * (ProcLockWakeup in proc.c), so that the session stops at its next write as well. The two holders take turns.
 */
export class Brake implements AsyncDisposable {
  readonly #url: string;
  #holders: readonly [Session, Session] | undefined;

  /** Connects only when it is pulled for the first time. */
  constructor(url: string) {
    this.#url = url;
  }

  async pull(): Promise<void> {
    const open = async () => Session.open({ url: this.#url, applicationName: "lockstep/observe" });
    this.#holders ??= await Promise.all([open(), open()]);
    await this.#holders[0].batch(hold);
  }

  /** True while the session stands before the brake. */
  static async isWaitedFor(watcher: Session, pid: number): Promise<boolean> {
    const { rowCount } = await watcher.query(waits, [pid]);
    return (rowCount ?? 0) > 0;
  }

  /** Lets the session that waits do its one write. */
  async pass(watcher: Session): Promise<void> {
    const [holder, next] = this.#holders!;
    const held = next.batch(hold);
    while (!(await Brake.isWaitedFor(watcher, next.keyDataPid))) await sleep(1);
    await holder.batch("COMMIT");
    await held;
    this.#holders = [next, holder];
  }

  /** Lets everybody pass from now on. */
  async release(): Promise<void> {
    await this.#holders?.[0].batch("ROLLBACK");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const holder of this.#holders ?? []) await holder.close();
  }
}
