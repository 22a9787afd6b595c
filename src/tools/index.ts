export { readDrizzleConfig, type DrizzleConfig } from "./drizzle-config.ts";
export type { LedgerPlace } from "./drizzle-ledger.ts";
export type { AppliedMigration, Migration, MigrationFolder, NativeLedger } from "./migration.ts";
export { readMigrations, type ReadMigrationsOptions } from "./read-migrations.ts";
