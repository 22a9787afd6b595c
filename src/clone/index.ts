export type { AssumedKey } from "./assumed-keys.ts";
export { fillClone, type ClonedTable, type CloneProgress, type FilledClone } from "./fill.ts";
export type { RowMaker } from "./insert.ts";
