import type { Folder } from "./folder.ts";
import { readFlywayFolder } from "./flyway.ts";
import { readGraphileMigrateFolder } from "./graphile-migrate.ts";
import { readNodePgMigrateFolder } from "./node-pg-migrate.ts";
import type { LedgerPlace } from "./ledger-table.ts";
import type { MigrationFolder } from "./migration.ts";
import { readDbmateFolder } from "./dbmate.ts";
import { readDieselFolder } from "./diesel.ts";
import { readGolangMigrateFolder } from "./golang-migrate.ts";
import { readGooseFolder } from "./goose.ts";
import { readPrismaFolder } from "./prisma.ts";
import { readSqlxFolder } from "./sqlx.ts";
import { readSupabaseFolder } from "./supabase.ts";

/** Reads a folder and gives its ledger; `place` is where the config says that it is. */
type Reader = (folder: Folder, place: LedgerPlace) => MigrationFolder;

/** The tools whose folders of SQL are read as they are, by the name that `migrations.tool` takes. */
export const directReaders = {
  prisma: readPrismaFolder,
  "golang-migrate": readGolangMigrateFolder,
  dbmate: readDbmateFolder,
  goose: readGooseFolder,
  sqlx: readSqlxFolder,
  diesel: readDieselFolder,
  flyway: readFlywayFolder,
  "node-pg-migrate": readNodePgMigrateFolder,
  supabase: readSupabaseFolder,
  "graphile-migrate": readGraphileMigrateFolder,
} as const satisfies Readonly<Record<string, Reader>>;

export type DirectTool = keyof typeof directReaders;
