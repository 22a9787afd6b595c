export type { DualWrites, MappedColumn, Mapping } from "./mapping.ts";
export { dualWriteStatements, type DualWriteStatements } from "./statements.ts";
export { flagColumn, madeName, parkedColumn } from "./names.ts";
export { dollarQuoted } from "./quoting.ts";
export {
  shadowStatements,
  type Shadow,
  type ShadowPlace,
  type ShadowStatements,
} from "./shadow.ts";
export { rowExpression, type RowExpression } from "./expression.ts";
export { standInDefault } from "./stand-in.ts";
export {
  movedStatements,
  type MovedColumn,
  type MovedColumns,
  type MovedStatements,
} from "./moved.ts";
export { keyGuard, type KeyGuard } from "./key-guard.ts";
export { parentFirst } from "./trigger.ts";
export { guardedRows, metRows, type GuardedKey, type GuardedPart } from "./guard.ts";
