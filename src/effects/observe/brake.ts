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
  #holder: Session;
  #next: Session;

  private constructor(holder: Session, next: Session) {
    this.#holder = holder;
    this.#next = next;
  }

  /** Pulls the brake. */
  static async set(url: string): Promise<Brake> {
    const open = async () => Session.open({ url, applicationName: "lockstep/observe" });
    const [holder, next] = await Promise.all([open(), open()]);
    await holder.batch(hold);
    return new Brake(holder, next);
  }

  /** True while the session stands before the brake. */
  static async isWaitedFor(watcher: Session, pid: number): Promise<boolean> {
    const { rowCount } = await watcher.query(waits, [pid]);
    return (rowCount ?? 0) > 0;
  }

  /** Lets the session that waits do its one write. */
  async pass(watcher: Session): Promise<void> {
    const held = this.#next.batch(hold);
    while (!(await Brake.isWaitedFor(watcher, this.#next.keyDataPid))) await sleep(1);
    await this.#holder.batch("COMMIT");
    await held;
    [this.#holder, this.#next] = [this.#next, this.#holder];
  }

  /** Takes the brake away. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#holder.close(), this.#next.close()]);
  }
}
