export { createSnapshot } from "./create.ts";
export { listSnapshots, type ListedSnapshot } from "./list.ts";
export { snapshotWays, type Snapshot, type SnapshotSettings, type SnapshotWay } from "./model.ts";
export { verifyDump, type Verified } from "./verify.ts";
