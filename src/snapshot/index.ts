export { createSnapshot } from "./create.ts";
export { listSnapshots, type ListedSnapshot } from "./list.ts";
export type { Snapshot, SnapshotSettings } from "./model.ts";
export { lastRestored } from "./restored.ts";
export { timeRestore } from "./time-restore.ts";
export { verifyDump, type Verified } from "./verify.ts";
