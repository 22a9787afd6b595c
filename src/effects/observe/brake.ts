import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "../../pg/index.ts";
import { awaitedRelation, type Oid } from "./relations.ts";

/** Makes another session stop at certain points, again and again, until it is released. */
export interface Brake {
  pull(): Promise<void>;
  /** True while the session stands before the brake. */
  isWaitedFor(watcher: Session, pid: number): Promise<boolean>;
  /** Lets the session that waits go on to the next point. */
  pass(watcher: Session): Promise<void>;
  /** Lets everybody pass from now on. */
  release(): Promise<void>;
}

/** Catalogs to which a phase of a statement writes before it commits, with their oids (pg_class.h, pg_inherits.h). */
const catalogs = { pg_class: 1259, pg_inherits: 2611 } as const;

/**
 * Makes another session stop whenever it is about to write to a catalog.
 *
 * A holder has a SHARE lock on the catalog, which lets everybody read it. Before it lets go, a second holder queues for the
 * same lock behind the session that stands there: it gets the lock in the very moment in which that session gives it back
 * (ProcLockWakeup in proc.c), so that the session stops at its next write as well. The two holders take turns.
 */
export class CatalogBrake implements Brake, AsyncDisposable {
  readonly #url: string;
  readonly #catalog: Oid;
  readonly #hold: string;
  #holders: readonly [Session, Session] | undefined;

  /** Connects only when it is pulled for the first time. */
  constructor(url: string, catalog: keyof typeof catalogs) {
    this.#url = url;
    this.#catalog = catalogs[catalog];
    this.#hold = `BEGIN; LOCK TABLE pg_catalog.${catalog} IN SHARE MODE`;
  }

  async pull(): Promise<void> {
    const open = async () => Session.open({ url: this.#url, applicationName: "lockstep/observe" });
    this.#holders ??= await Promise.all([open(), open()]);
    await this.#holders[0].batch(this.#hold);
  }

  async isWaitedFor(watcher: Session, pid: number): Promise<boolean> {
    return (await awaitedRelation(watcher, pid, [this.#catalog])) !== undefined;
  }

  /** Lets the session that waits do its one write. */
  async pass(watcher: Session): Promise<void> {
    const [holder, next] = this.#holders!;
    const held = next.batch(this.#hold);
    while (!(await this.isWaitedFor(watcher, next.keyDataPid))) await sleep(1);
    await holder.batch("COMMIT");
    await held;
    this.#holders = [next, holder];
  }

  async release(): Promise<void> {
    await this.#holders?.[0].batch("ROLLBACK");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const holder of this.#holders ?? []) await holder.close();
  }
}
