export { readDrizzleConfig, type DrizzleConfig } from "./drizzle-config.ts";
export { forScratch } from "./for-scratch.ts";
export { ledgerOf, typesOfLedger } from "./ledger-of.ts";
export { flywayVersion, hasJournal, isNumbered, isPacked, packedFiles } from "./layouts.ts";
export type { LedgerPlace } from "./ledger-table.ts";
export { rowsByMigration } from "./listed.ts";
export type {
  AppliedMigration,
  Migration,
  MigrationFolder,
  NativeLedger,
  Program,
  Recorded,
  Stuck,
  Unfinished,
} from "./migration.ts";
export { nextMigration } from "./next/next-migration.ts";
export { clearLeftovers } from "./next/leftovers.ts";
export { nextMark, type NextText } from "./next/next-text.ts";
export { writeNext } from "./next/write.ts";
export { readHistory, toLookAt, type History } from "./read-history.ts";
export {
  readMigrations,
  toolNames,
  type ReadMigrationsOptions,
  type Tool,
} from "./read-migrations.ts";
export { sendingOf, type Sending } from "./senders.ts";
export { readSqlFile } from "./sql-file.ts";
export { readWayBack, type WayBack } from "./way-back.ts";
