export { readDrizzleConfig, type DrizzleConfig } from "./drizzle-config.ts";
export { flywayVersion, hasJournal, isNumbered, isPacked, packedFiles } from "./layouts.ts";
export type { LedgerPlace } from "./drizzle-ledger.ts";
export type { AppliedMigration, Migration, MigrationFolder, NativeLedger } from "./migration.ts";
export { readHistory, toLookAt, type History } from "./read-history.ts";
export { readMigrations, type ReadMigrationsOptions } from "./read-migrations.ts";
export { sendingOf, type Sending } from "./senders.ts";
export { readSqlFile } from "./sql-file.ts";
