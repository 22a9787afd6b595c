export type { AssumedKey } from "./assumed-keys.ts";
export { fillClone, type ClonedTable, type CloneProgress, type FilledClone } from "./fill.ts";
export type { RowMaker } from "./insert.ts";
export { setSequences } from "./key-numbers.ts";
export { explainNoRoom } from "./no-room.ts";
export { removeOrphans } from "./orphans.ts";
export { readServerSizes, type ServerSizes, type SourceStatistics } from "./server-sizes.ts";
export { readStructure, type CloneTable, type Structure } from "./structure.ts";
export { refreshViews } from "./views.ts";
