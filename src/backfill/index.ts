/**
 * Rows of a big table changed in short, resumable, fenced transactions.
 *
 * `runBackfill({ url, job: { id, table, set, todo }, workers, steering, vacuum, emit, signal })` begins or goes on with a
 * backfill and gives `{ outcome: "done" | "rejected" | "paused" | "stopped", status, ms }`; the ledger is installed before.
 * `verifyBackfill(session, { table, todo })` counts the rows that are still to be filled, without locks: `left` 0 is the
 * proof. `retryRejected(session, job)` tries rows again that could not be filled.
 */
export {
  createBackfill,
  finishBackfill,
  noSuchBackfill,
  openBackfill,
  readJob,
  setPaused,
} from "./job-store.ts";
export {
  between,
  findKey,
  greatestKey,
  isAt,
  keyAsText,
  keyList,
  where,
  type KeyColumn,
  type RowKey,
} from "./key.ts";
export { unfinished } from "./outcome.ts";
export { batchPace, type BatchPaceOptions } from "./pace.ts";
export { work, type Pace, type WorkEnd, type WorkOptions } from "./worker.ts";
export { rowName, type Cursor } from "./cursor.ts";
export { deletion, type Job, type JobSpec } from "./job.ts";
export {
  defaultLimits,
  signalNames,
  type Limit,
  type LimitName,
  type SignalName,
  type SteeringOptions,
} from "./limits.ts";
export { retryRejected, type Retried } from "./rejects.ts";
export { isFlagFill, settingForTriggers } from "./session-settings.ts";
export { runBackfill, type BackfillResult, type BackfillRun } from "./run.ts";
export {
  listBackfills,
  readBackfill,
  type BackfillProcess,
  type BackfillStatus,
  type RejectedRow,
} from "./status.ts";
export type { Remaining } from "./rate.ts";
export { verifyBackfill, type Verified } from "./verify.ts";
