export type { Proof, ChosenPrefix } from "./choose.ts";
export {
  findBaseline,
  withoutLedgerSchema,
  type Baseline,
  type BaselineMigration,
  type BaselineRequest,
} from "./find.ts";
export { reconcilingMigration } from "./migration.ts";
export { printedParts, printsOf, type PrintedCatalog } from "./prints.ts";
export { leftSentence, reconcileSql } from "./reconcile.ts";
export type { Remaining } from "./remains.ts";
export { writeReconciling, type WrittenMigration } from "./write.ts";
