import type { Emit } from "../events/index.ts";
import { sqlState, Session, type Queryable, type SessionOptions } from "../pg/index.ts";
import { quoteQualified } from "../sql/index.ts";
import type { Job } from "./job.ts";
import { treeSql } from "./tree.ts";

/** After every so many changed rows, as a share of the table, it is vacuumed; and after no fewer than these. */
const share = 0.1;
const leastRows = 20_000;
/** After one that was cancelled or failed, the next comes no sooner than after so many ms. */
const againMs = 30_000;

/**
 * Vacuums the table while it is filled, so that new row versions reuse the space of those that the fill has left: on
 * pages that are already dirty and logged. Postgres' own autovacuum would come too late for that (at a fifth of the
 * table). It runs beside the workers on a session of its own, and gives way to whoever waits for it.
 */
export class Vacuumer implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #job: Job;
  readonly #emit: Emit;
  #running: Promise<void> | undefined;
  #pid: number | undefined;
  #cancelledFor: string | undefined;
  #notBefore = 0;

  constructor(options: SessionOptions, job: Job, emit: Emit) {
    this.#options = options;
    this.#job = job;
    this.#emit = emit;
  }

  /** The backend that vacuums now. */
  get pid(): number | undefined {
    return this.#pid;
  }

  /**
   * Begins a vacuum if one is due and no other process has begun it.
   * @param database a session that is free
   * @param gently true while others are at work: pauses as autovacuum makes them
   */
  async beginIfDue(database: Queryable, gently: boolean): Promise<void> {
    if (this.#running !== undefined || performance.now() < this.#notBefore) return;
    const claimed = await claimVacuum(database, this.#job.id);
    if (claimed === undefined) return;
    this.#running = this.#run(gently).finally(() => {
      this.#running = undefined;
      this.#pid = undefined;
    });
  }

  /** Ends the vacuum that runs, if one does. */
  async cancel(database: Queryable, reason: string): Promise<void> {
    if (this.#pid === undefined) return;
    this.#cancelledFor = reason;
    await database.query("SELECT pg_catalog.pg_cancel_backend($1)", [this.#pid]);
  }

  /** Ends the vacuum that runs, if one does, on a session of its own. */
  async giveUp(reason: string): Promise<void> {
    if (this.#running === undefined) return;
    await using session = await Session.open(this.#options);
    await this.cancel(session, reason);
  }

  /** Waits for the vacuum that runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running;
  }

  async #run(gently: boolean): Promise<void> {
    const started = performance.now();
    const { id, table } = this.#job;
    const tell = (outcome: "done" | "skipped" | "cancelled" | "failed", reason: string) => {
      if (outcome !== "done") this.#notBefore = performance.now() + againMs;
      const ms = performance.now() - started;
      this.#emit({ type: "backfill.vacuumed", backfill: id, table, outcome, reason, ms });
    };
    this.#cancelledFor = undefined;
    try {
      const warnings = await this.#vacuum(gently);
      tell(warnings.length === 0 ? "done" : "skipped", warnings.join("; "));
    } catch (error) {
      const isCancelled = sqlState(error) === "57014" && this.#cancelledFor !== undefined;
      if (isCancelled) tell("cancelled", this.#cancelledFor!);
      else tell("failed", (error as Error).message);
    }
  }

  /** Gives the server's warnings: what it may not or cannot vacuum now it skips with one. */
  async #vacuum(gently: boolean): Promise<readonly string[]> {
    await using session = await Session.open(this.#options);
    const warnings: string[] = [];
    session.onNotice(({ severity, message }) => {
      if (severity === "WARNING") warnings.push(message ?? "");
    });
    await session.query(`SET vacuum_cost_delay = '${gently ? "2ms" : "0"}'`);
    const { rows } = await session.query<{ pid: number }>(
      "SELECT pg_catalog.pg_backend_pid() AS pid",
    );
    this.#pid = rows[0]!.pid;
    // TRUNCATE would take an ACCESS EXCLUSIVE lock at the end.
    for (const table of await tablesWithDeadRows(session, this.#job.table))
      await session.query(`VACUUM (TRUNCATE off, SKIP_LOCKED, PARALLEL 0) ${table}`);
    return warnings;
  }
}

/** Notes that the rows changed so far are vacuumed; undefined when it is not due, or another process was first. */
async function claimVacuum(database: Queryable, id: string): Promise<number | undefined> {
  const { rows } = await database.query<{ vacuumed: string }>(
    `UPDATE lockstep.backfill b SET vacuumed = r.changed
       FROM (SELECT coalesce(sum(changed), 0) AS changed FROM lockstep.backfill_range WHERE backfill = $1) r
      WHERE b.id = $1 AND b.state = 'running' AND r.changed - b.vacuumed >= greatest(b.estimate * $2::float8, $3)
      RETURNING b.vacuumed`,
    [id, share, leastRows],
  );
  return rows[0] === undefined ? undefined : Number(rows[0].vacuumed);
}

/** The table itself, and those of its partitions and heirs in which a twentieth of the rows is dead. */
async function tablesWithDeadRows(session: Session, table: string): Promise<readonly string[]> {
  const { rows } = await session.query<{ schema: string; name: string }>(
    `SELECT n.nspname AS schema, c.relname AS name
       FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid IN ${treeSql("$1::regclass")} AND c.relkind = 'r'
        AND (c.oid = $1::regclass
          OR pg_catalog.pg_stat_get_dead_tuples(c.oid) * 20 >= pg_catalog.pg_stat_get_live_tuples(c.oid)
             AND pg_catalog.pg_stat_get_dead_tuples(c.oid) > 0)
      ORDER BY c.oid`,
    [table],
  );
  return rows.map(({ schema, name }) => quoteQualified(schema, name));
}
