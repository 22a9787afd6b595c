import type { Session } from "../pg/index.ts";
import { BackfillPaused, RangeLost, rejectRow, runBatch, type BatchDone } from "./batch.ts";
import { claimRange, sessionSql } from "./claim.ts";
import type { Cursor, Holder, Job, Range } from "./job.ts";

/** Decides how many rows the next batch has and how long to rest before it. */
export interface Pace {
  /** Rows of the next batch, at least 1. */
  rows(): number;
  /** Told after every batch; resolves when the next may begin. */
  after(batch: BatchDone): Promise<void>;
  /** Told when a batch was refused because of others (lock timeout, deadlock, serialization). */
  refused(): Promise<void>;
}

export interface WorkOptions {
  readonly job: Job;
  readonly holderName: string;
  readonly pace: Pace;
  /** Rows of the ranges that are claimed, 50,000 by default. */
  readonly rangeRows?: number;
  /** Asked between batches: true ends the work at a clean point. */
  readonly stopped: () => boolean;
  readonly onBatch?: (batch: BatchDone, range: Range) => void;
  /** A row that the server refuses to fill, with its error. */
  readonly onReject?: (key: Cursor, error: Error) => void;
}

/** How a worker's turn ended: `done` when no range is left, for nobody. */
export type WorkEnd = "done" | "paused" | "stopped";

/**
 * Works on a backfill until nothing is left to claim. Any number of workers can run at once, in one process or many,
 * and any of them can be killed at any point.
 */
export async function work(session: Session, options: WorkOptions): Promise<WorkEnd> {
  const { job, pace, stopped, rangeRows = 50_000 } = options;
  await session.batch(batchSettings);
  const { rows } = await session.query<{ session: string }>(
    `SELECT ${sessionSql("a")} AS session FROM pg_catalog.pg_stat_activity a WHERE pid = pg_catalog.pg_backend_pid()`,
  );
  const holder: Holder = { name: options.holderName, session: rows[0]!.session };
  while (!stopped()) {
    const claim = await claimRange(session, job, holder, rangeRows);
    if (claim.kind === "done" || claim.kind === "paused") return claim.kind;
    if (claim.kind === "wait") await pace.refused();
    else
      try {
        await workThrough(session, options, claim.range);
      } catch (error) {
        if (error instanceof BackfillPaused) return "paused";
        if (!(error instanceof RangeLost)) throw error;
      }
  }
  return "stopped";
}

/**
 * What cursors are written and read with, and limits: a lock that somebody else holds is waited for shortly and asked
 * for again, and a worker that is stopped inside a batch loses its transaction and with it the locks on its rows.
 */
const batchSettings = [
  "SET DateStyle = 'ISO, MDY'",
  "SET IntervalStyle = 'postgres'",
  "SET TimeZone = 'UTC'",
  "SET extra_float_digits = 1",
  "SET bytea_output = 'hex'",
  "SET lock_timeout = '2s'",
  "SET idle_in_transaction_session_timeout = '10s'",
].join(";\n");

/** Errors that say something of others, not of the row: lock not available, deadlock, serialization, cancelled. */
const temporary: ReadonlySet<string> = new Set(["55P03", "40P01", "40001", "57014"]);

/**
 * Classes of errors that a row's values can make: cardinality, data, integrity, WITH CHECK OPTION, and what routines
 * raise. Any other (a privilege, a full disk) would meet every row.
 */
const ofRows: ReadonlySet<string> = new Set(["21", "22", "23", "2F", "38", "44", "P0"]);

/** Goes through a range, batch by batch. A batch that fails is halved until the row is found that is at fault. */
async function workThrough(session: Session, options: WorkOptions, range: Range): Promise<void> {
  const { job, pace, stopped, onBatch, onReject } = options;
  let most = Number.POSITIVE_INFINITY;
  while (!stopped()) {
    const rows = Math.min(pace.rows(), most);
    try {
      const batch = await runBatch(session, job, range, rows);
      most *= 2;
      onBatch?.(batch, range);
      if (batch.atEnd) return;
      await pace.after(batch);
    } catch (error) {
      const sqlstate = (error as { code?: string }).code;
      if (sqlstate !== undefined && temporary.has(sqlstate)) await pace.refused();
      else if (sqlstate === undefined || !ofRows.has(sqlstate.slice(0, 2))) throw error;
      else if (rows === 1) {
        const { message } = error as Error;
        const { reached, passed } = await rejectRow(session, job, range, { sqlstate, message });
        if (passed > 0) onReject?.(reached!, error as Error);
      }
      most = Math.max(1, Math.floor(rows / 2));
    }
  }
}
