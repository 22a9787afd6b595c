import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { isDiesels } from "./diesel.ts";
import { directReaders, type DirectTool } from "./direct-readers.ts";
import { foreignFolders, foreignUps, othersFolder } from "./foreign.ts";
import { readDrizzleFolders } from "./drizzle-folders.ts";
import { readDrizzleJournal } from "./drizzle.ts";
import { ledgerOfDrizzleConfig } from "./drizzle-config.ts";
import { emptyFolder, openFolder, type Folder } from "./folder.ts";
import { isGraphileMigrates } from "./graphile-migrate.ts";
import { flywayVersion, hasJournal, type packedFiles } from "./layouts.ts";
import type { LedgerPlace } from "./ledger-table.ts";
import type { MigrationFolder } from "./migration.ts";
import { nodePgMigrateCode } from "./node-pg-migrate.ts";
import { mixedReaders, programReaders, toolOfProgram, type ProgramTool } from "./programs/all.ts";
import { requireNoOtherLedger } from "./other-ledger.ts";
import { isPrismas } from "./prisma.ts";
import { isUp, readSqlFolder } from "./sql.ts";
import { textOf, toolOf } from "./tool-of.ts";
import { sectionIn } from "./up-part.ts";

/** The tools whose folders are read, and whose ledgers are kept true. */
export type Tool = "sql" | "drizzle" | DirectTool | ProgramTool;

/** Their names, as `migrations.tool` takes them. */
export const toolNames: readonly Tool[] = [
  "sql",
  "drizzle",
  ...(Object.keys(directReaders) as DirectTool[]),
  ...(Object.keys(programReaders) as ProgramTool[]),
];

export interface ReadMigrationsOptions {
  /** Absolute, or relative to `cwd`. */
  readonly folder: string;
  /** Found out by looking at the folder when left away. */
  readonly tool?: Tool | undefined;
  /** The folder of the config; paths are shown and recorded relative to it. The process's by default. */
  readonly cwd?: string | undefined;
  /**
   * Where the tool keeps its ledger: its own default when left away; for Drizzle first what `drizzle.config` says for
   * this folder.
   */
  readonly ledger?: LedgerPlace | undefined;
  /** What applies the folder, where the migrations are programs; found out when left away. */
  readonly command?: string | readonly string[] | undefined;
}

/**
 * Reads a folder of migrations as the tool that owns it would, in the tool's order. Nothing is parsed. Migrations that are
 * programs are listed: their SQL is had by recording them.
 *
 * @throws LockstepError `folder-not-found`, `folder-empty`, `file-unreadable`, `file-not-utf8`, `journal-invalid`,
 * `journal-order`, `migration-missing`, `migration-duplicate-id`, `migration-unsupported`, `config-invalid`
 */
export async function readMigrations(options: ReadMigrationsOptions): Promise<MigrationFolder> {
  const cwd = resolve(options.cwd ?? process.cwd());
  const folder = openFolder(options.folder, cwd);
  const tool = options.tool ?? toolBySight(folder, cwd);
  if (tool === "sql") {
    const read = readSqlFolder(folder);
    if (options.tool !== undefined) return read;
    return { ...read, requireOwner: async (database) => requireNoOtherLedger(database, folder) };
  }
  const place = options.ledger ?? {};
  const program = { place, command: options.command, cwd };
  if (tool in programReaders) return programReaders[tool as ProgramTool](folder, program);
  if (tool === "node-pg-migrate" && folder.entries.some(({ name }) => nodePgMigrateCode.test(name)))
    return mixedReaders[tool](folder, program);
  if (tool !== "drizzle") return directReaders[tool as DirectTool](folder, place);
  return readDrizzle(folder, options, cwd);
}

async function readDrizzle(
  folder: Folder,
  options: ReadMigrationsOptions,
  cwd: string,
): Promise<MigrationFolder> {
  const place = options.ledger ?? (await ledgerOfDrizzleConfig(folder.path, cwd));
  if (hasJournal(folder.path)) return readDrizzleJournal(folder, place);
  if (packedIn(folder, "migration.sql").length > 0) return readDrizzleFolders(folder, place);
  throw emptyFolder(
    folder,
    "Drizzle's meta/_journal.json, or a folder with migration.sql for each migration",
    "nothing was generated yet, or `meta` was left out of the checkout or the image",
  );
}

function toolBySight(folder: Folder, cwd: string): Tool {
  if (hasJournal(folder.path)) return "drizzle";
  const packed = packedIn(folder, "migration.sql");
  if (packed.some((name) => existsSync(join(folder.path, name, "snapshot.json")))) return "drizzle";
  if (isPrismas(folder)) return "prisma";
  if (packed.length > 0) throw foreignFolders(folder, `${packed[0]!}/migration.sql`);
  const [up] = packedIn(folder, "up.sql");
  if (up !== undefined && isDiesels(folder, cwd)) return "diesel";
  if (up !== undefined) throw foreignUps(folder, `${up}/up.sql`);
  if (isGraphileMigrates(folder)) return "graphile-migrate";
  refuseMetaWithoutJournal(folder);
  const files = folder.entries.filter(isUp);
  if (files.some(({ name }) => flywayVersion(name) !== undefined)) return "flyway";
  if (files.length > 0) return toolOfFiles(folder, [files[0]!.name, files.at(-1)!.name], cwd);
  const code = folder.entries.find((entry) => /\.([cm]?[jt]s|py|rb|exs)$/.test(entry.name));
  if (code === undefined) return "sql";
  const program = folder.entries
    .map(({ name }) => toolOfProgram(textOf(join(folder.path, name)) ?? ""))
    .find((tool) => tool !== undefined);
  if (program !== undefined) return program;
  throw new LockstepError("migration-unsupported", {
    what: `the migrations of ${folder.shown} are programs, and it is not known whose`,
    expected: "files of SQL, or programs of a tool that is known",
    found: code.name,
    from: `${folder.shown}/${code.name}`,
    why: "what such a migration does is known only by running it with its own tool",
    next: [
      "say which it is: `migrations.tool` in lockstep.config",
      'or name its command and its ledger: `migrations: { tool: "command", command: "…", ledger: { table: "…", column: "…" } }`',
    ],
  });
}

/** Names of the folders in it that are a migration, with that file. */
function packedIn(folder: Folder, file: (typeof packedFiles)[number]): readonly string[] {
  return folder.entries
    .filter((entry) => !entry.isFile() && existsSync(join(folder.path, entry.name, file)))
    .map(({ name }) => name);
}

/** Of a flat folder. Plain SQL refuses files that are cut for another tool. */
function toolOfFiles(folder: Folder, samples: readonly string[], cwd: string): Tool {
  const cutBy = samples
    .map((name) => sectionIn(textOf(join(folder.path, name)) ?? "")?.tool)
    .find((tool) => tool !== undefined);
  const tool = toolOf(folder, cutBy, cwd);
  if (tool !== undefined && tool in directReaders) return tool as DirectTool;
  if (tool !== undefined && tool !== cutBy) throw othersFolder(folder, tool);
  return "sql";
}

function refuseMetaWithoutJournal(folder: Folder): void {
  const hasSnapshots =
    folder.entries.some((entry) => entry.name === "meta" && entry.isDirectory()) &&
    existsSync(join(folder.path, "meta", "0000_snapshot.json"));
  if (!hasSnapshots) return;
  throw new LockstepError("journal-invalid", {
    what: `${folder.shown} is a Drizzle folder without its journal`,
    expected: `${folder.shown}/meta/_journal.json, which says what is run and in which order`,
    found: "snapshots in meta, but no _journal.json",
    from: `${folder.shown}/meta`,
    why: "the file was deleted or never committed",
    next: [
      `git log --diff-filter=D -- ${folder.shown}/meta/_journal.json, and bring it back`,
      'or say that these are plain SQL files: `migrations.tool: "sql"` in lockstep.config',
    ],
  });
}
