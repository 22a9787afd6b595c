export { batchPace, type BatchPaceOptions } from "./pace.ts";
export { createBackfill, finishBackfill, readBackfill, setPaused } from "./job-store.ts";
export type { BackfillStatus, RejectedRow } from "./job-store.ts";
export { findKey, type KeyColumn, type RowKey } from "./key.ts";
export type { Cursor, Job } from "./job.ts";
export { work, type Pace, type WorkEnd, type WorkOptions } from "./worker.ts";
