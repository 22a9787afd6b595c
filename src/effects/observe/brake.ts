import { setTimeout as sleep } from "node:timers/promises";
import { Session } from "../../pg/index.ts";
import type { Statement } from "../../sql/index.ts";

/** A catalog to which a phase of a statement writes before it commits. */
type BrakedCatalog = "pg_class" | "pg_inherits";

const waits = `
  SELECT FROM pg_catalog.pg_locks
   WHERE pid = $1 AND NOT granted AND relation = $2::pg_catalog.regclass`;

/**
 * Makes another session stop whenever it is about to write to a catalog.
 *
 * A holder has a SHARE lock on the catalog, which lets everybody read it. Before it lets go, a second holder queues for the
 * same lock behind the session that stands there: it gets the lock in the very moment in which that session gives it back
 * (ProcLockWakeup in proc.c), so that the session stops at its next write as well. The two holders take turns.
 */
class Brake implements AsyncDisposable {
  readonly #url: string;
  readonly #catalog: string;
  readonly #hold: string;
  #holders: readonly [Session, Session] | undefined;

  /** Connects only when it is pulled for the first time. */
  constructor(url: string, catalog: BrakedCatalog) {
    this.#url = url;
    this.#catalog = `pg_catalog.${catalog}`;
    this.#hold = `BEGIN; LOCK TABLE ${this.#catalog} IN SHARE MODE`;
  }

  async pull(): Promise<void> {
    const open = async () => Session.open({ url: this.#url, applicationName: "lockstep/observe" });
    this.#holders ??= await Promise.all([open(), open()]);
    await this.#holders[0].batch(this.#hold);
  }

  /** True while the session stands before the brake. */
  async isWaitedFor(watcher: Session, pid: number): Promise<boolean> {
    const { rowCount } = await watcher.query(waits, [pid, this.#catalog]);
    return (rowCount ?? 0) > 0;
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

  /** Lets everybody pass from now on. */
  async release(): Promise<void> {
    await this.#holders?.[0].batch("ROLLBACK");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const holder of this.#holders ?? []) await holder.close();
  }
}

/** The brakes for the statements of one session. */
export class Brakes implements AsyncDisposable {
  readonly #class: Brake;
  readonly #inherits: Brake;

  constructor(url: string) {
    this.#class = new Brake(url, "pg_class");
    this.#inherits = new Brake(url, "pg_inherits");
  }

  /**
   * Those before which a statement stops in each of its phases. Every phase of CONCURRENTLY, VACUUM and REINDEX writes to
   * pg_class; the first of DETACH PARTITION … CONCURRENTLY may write to pg_inherits only (tablecmds.c,
   * MarkInheritDetached).
   */
  for({ node }: Pick<Statement, "node">): readonly Brake[] {
    const commands = "AlterTableStmt" in node ? (node.AlterTableStmt.cmds ?? []) : [];
    const detaches = commands.some(
      (each) => "AlterTableCmd" in each && each.AlterTableCmd.subtype === "AT_DetachPartition",
    );
    return detaches ? [this.#class, this.#inherits] : [this.#class];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#class[Symbol.asyncDispose]();
    await this.#inherits[Symbol.asyncDispose]();
  }
}

export type { Brake };
