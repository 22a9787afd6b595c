import type { ReindexStmt } from "@pgsql/types";
import { Session } from "../../pg/index.ts";
import type { Statement } from "../../sql/index.ts";
import type { Brake } from "./brake.ts";
import { resolveNames, type Sessions } from "./observation.ts";
import { awaitedRelation, readLockable, type Oid } from "./relations.ts";

/**
 * Makes another session stop before it locks certain tables for the first time. So locks show of a transaction that writes
 * to no catalog.
 *
 * Two holders take turns: before one lets go, the other has taken the tables that are left, in a mode that does not conflict
 * with itself.
 */
export class TableBrake implements Brake {
  readonly #url: string;
  readonly #mode: "SHARE" | "ROW EXCLUSIVE";
  readonly #left: Map<Oid, string>;
  #awaited: Oid | undefined;
  #holders: readonly [Session, Session] | undefined;

  /** @param tables by oid, their names as SQL has them */
  private constructor(
    url: string,
    mode: "SHARE" | "ROW EXCLUSIVE",
    tables: ReadonlyMap<Oid, string>,
  ) {
    this.#url = url;
    this.#mode = mode;
    this.#left = new Map(tables);
  }

  /**
   * For REINDEX: of tables without indexes it writes nothing, and all of a partitioned table's partitions are locked before
   * the first is rebuilt (indexcmds.c, ReindexPartitions). Undefined for every other statement.
   */
  static async for(
    url: string,
    statement: Statement,
    { worker, watcher }: Sessions,
  ): Promise<TableBrake | undefined> {
    const { node } = statement;
    if (!("ReindexStmt" in node)) return undefined;
    const tables = await readLockable(watcher);
    if (tables.size === 0) return undefined;
    const named = await resolveNames(worker, statement);
    const isPartitioned = [...named.keys()].some((oid) => tables.get(oid)?.isPartitioned === true);
    // CONCURRENTLY locks in ShareUpdateExclusive, and waits for everybody who writes; but the partitions of a table in Share.
    const mode = isConcurrent(node.ReindexStmt) && !isPartitioned ? "SHARE" : "ROW EXCLUSIVE";
    const names = new Map([...tables].map(([oid, { name }]) => [oid, name]));
    return new TableBrake(url, mode, names);
  }

  async pull(): Promise<void> {
    const open = async () => Session.open({ url: this.#url, applicationName: "lockstep/observe" });
    this.#holders = await Promise.all([open(), open()]);
    await this.#holders[0].batch(this.#hold());
  }

  async isWaitedFor(watcher: Session, pid: number): Promise<boolean> {
    this.#awaited = await awaitedRelation(watcher, pid, [...this.#left.keys()]);
    return this.#awaited !== undefined;
  }

  async pass(): Promise<void> {
    if (this.#awaited !== undefined) this.#left.delete(this.#awaited);
    const [holder, next] = this.#holders!;
    await next.batch(this.#hold());
    await holder.batch("COMMIT");
    this.#holders = [next, holder];
  }

  async release(): Promise<void> {
    await this.#holders?.[0].batch("ROLLBACK");
    for (const holder of this.#holders ?? []) await holder.close();
  }

  #hold(): string {
    const names = [...this.#left.values()].map((name) => `ONLY ${name}`).join(", ");
    return names === "" ? "BEGIN" : `BEGIN; LOCK TABLE ${names} IN ${this.#mode} MODE`;
  }
}

function isConcurrent({ params }: ReindexStmt): boolean {
  return (params ?? []).some(
    (each) => "DefElem" in each && each.DefElem.defname === "concurrently",
  );
}
