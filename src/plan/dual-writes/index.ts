export type { DualWrites, MappedColumn, Mapping } from "./mapping.ts";
export { dualWriteStatements, type DualWriteStatements } from "./statements.ts";
export { madeName } from "./names.ts";
