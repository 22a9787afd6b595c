import { setTimeout as sleep } from "node:timers/promises";
import { sqlState, type Session } from "../pg/index.ts";
import { BackfillPaused, RangeLost, rejectRow, runBatch, type BatchDone } from "./batch.ts";
import { beat, claimRange, release, sessionSql, type Claim } from "./claim.ts";
import type { Cursor } from "./cursor.ts";
import { isOfRow, isTemporary } from "./failure.ts";
import { isScannedInOrder } from "./fill.ts";
import type { Holder, Job, Range } from "./job.ts";
import { sessionSettings } from "./session-settings.ts";

/** Decides how many rows the next batch has and when it may begin. */
export interface Pace {
  /** Rows of the next batch, at least 1. */
  rows(): number;
  /** Resolves when the next batch may begin, or when there is another reason to look up. */
  ready(): Promise<void>;
  /** Told after every batch. */
  done(batch: BatchDone): void;
  /** A rest after others were in the way (lock timeout, deadlock, serialization) or have all that is left to do. */
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
  const { job, pace, stopped } = options;
  await session.batch(sessionSettings(job));
  const { rows } = await session.query<{ session: string }>(
    `SELECT ${sessionSql("a")} AS session FROM pg_catalog.pg_stat_activity a WHERE pid = pg_catalog.pg_backend_pid()`,
  );
  const holder: Holder = { name: options.holderName, session: rows[0]!.session };
  while (!stopped()) {
    const claim = await tryClaim(session, options, holder);
    if (claim.kind === "done" || claim.kind === "paused") return claim.kind;
    if (claim.kind === "wait") await pace.refused();
    else
      try {
        await workThrough(session, options, claim.range);
      } catch (error) {
        if (error instanceof BackfillPaused) {
          await giveBack(session, job, claim.range);
          return "paused";
        }
        if (!(error instanceof RangeLost)) throw error;
      }
  }
  return "stopped";
}

async function tryClaim(session: Session, options: WorkOptions, holder: Holder): Promise<Claim> {
  const { job, rangeRows = 50_000 } = options;
  try {
    return await claimRange(session, job, holder, rangeRows);
  } catch (error) {
    if (isTemporary(error)) return { kind: "wait" };
    throw error;
  }
}

/** Goes through a range, batch by batch. A batch that fails is halved until the row is found that is at fault. */
async function workThrough(session: Session, options: WorkOptions, range: Range): Promise<void> {
  const { job, pace, stopped, onBatch, onReject } = options;
  const inOrder = await isScannedInOrder(session, job, range);
  let from = range.reached;
  let most = Number.POSITIVE_INFINITY;
  for (;;) {
    await alive(pace.ready(), () => beat(session, job, range));
    if (stopped()) return giveBack(session, job, range);
    const rows = Math.min(pace.rows(), most);
    try {
      const batch = await runBatch(session, job, range, { from, rows }, inOrder);
      from = batch.reached;
      most *= 2;
      pace.done(batch);
      onBatch?.(batch, range);
      if (batch.atEnd) return;
    } catch (error) {
      if (await isGone(session, range, error)) return;
      if (isTemporary(error)) await alive(pace.refused(), () => beat(session, job, range));
      else if (!isOfRow(error)) throw error;
      else if (rows === 1) {
        const why = { sqlstate: sqlState(error)!, message: (error as Error).message };
        const rejected = await rejectRow(session, job, range, from, why);
        from = rejected.reached;
        if (rejected.passed > 0) onReject?.(from!, error as Error);
        if (rejected.atEnd) return;
      }
      most = Math.max(1, Math.floor(rows / 2));
    }
  }
}

/**
 * Whether a batch has failed because its partition was dropped, or has another name. Who claims the range next is told.
 */
async function isGone(session: Session, { relation, file }: Range, error: unknown) {
  if (file === null || sqlState(error) !== "42P01") return false;
  const { rows } = await session.query<{ isGone: boolean }>(
    `SELECT pg_catalog.to_regclass($1) IS DISTINCT FROM $2::oid AS "isGone"`,
    [relation, file.oid],
  );
  return rows[0]!.isGone;
}

/** A range that cannot be given back now is taken over when the session is gone. */
async function giveBack(session: Session, job: Job, range: Range): Promise<void> {
  await release(session, job, range).catch((error: unknown) => {
    if (!isTemporary(error)) throw error;
  });
}

/** How often a worker that rests says that it lives, in ms: well below the silence after which its range is lost. */
const beatMs = 8_000;

async function alive(rest: Promise<void>, sayIt: () => Promise<void>): Promise<void> {
  for (;;) {
    const alarm = new AbortController();
    const isOver = await Promise.race([
      rest.then(() => true),
      sleep(beatMs, false, { signal: alarm.signal }).catch(() => false),
    ]).finally(() => alarm.abort());
    if (isOver) return;
    // It may have been cancelled in place of a batch.
    await sayIt().catch((error: unknown) => {
      if (!isTemporary(error)) throw error;
    });
  }
}
