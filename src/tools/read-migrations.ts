import { existsSync } from "node:fs";
import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { readDrizzleFolders } from "./drizzle-folders.ts";
import type { LedgerPlace } from "./drizzle-ledger.ts";
import { readDrizzleJournal } from "./drizzle.ts";
import { ledgerOfDrizzleConfig } from "./drizzle-config.ts";
import { emptyFolder, openFolder, type Folder } from "./folder.ts";
import type { MigrationFolder } from "./migration.ts";
import { isUp, readSqlFolder } from "./sql.ts";

export interface ReadMigrationsOptions {
  /** Absolute, or relative to `cwd`. */
  readonly folder: string;
  /** Found out by looking at the folder when left away. */
  readonly tool?: "sql" | "drizzle" | undefined;
  /** The folder of the config; paths are shown and recorded relative to it. The process's by default. */
  readonly cwd?: string | undefined;
  /**
   * Where Drizzle keeps its ledger: what `drizzle.config` says for this folder when left away, else
   * `drizzle.__drizzle_migrations`.
   */
  readonly ledger?: LedgerPlace | undefined;
}

/**
 * Reads a folder of migrations as the tool that owns it would, in the tool's order. Nothing is parsed.
 *
 * @throws LockstepError `folder-not-found`, `folder-empty`, `file-unreadable`, `file-not-utf8`, `journal-invalid`,
 * `journal-order`, `migration-missing`, `migration-duplicate-id`, `migration-unsupported`
 */
export async function readMigrations(options: ReadMigrationsOptions): Promise<MigrationFolder> {
  const cwd = options.cwd ?? process.cwd();
  const folder = openFolder(options.folder, cwd);
  const layout = layoutOf(folder, options.tool);
  if (layout === "sql") return readSqlFolder(folder);
  const place = options.ledger ?? (await ledgerOfDrizzleConfig(folder.path, cwd));
  return layout === "journal"
    ? readDrizzleJournal(folder, place)
    : readDrizzleFolders(folder, place);
}

function layoutOf(
  folder: Folder,
  tool: "sql" | "drizzle" | undefined,
): "sql" | "journal" | "folders" {
  if (tool === "sql") return "sql";
  if (existsSync(join(folder.path, "meta", "_journal.json"))) return "journal";
  const packed = folder.entries.filter(
    (entry) => entry.isDirectory() && existsSync(join(folder.path, entry.name, "migration.sql")),
  );
  if (packed.length > 0) {
    const isDrizzle =
      tool === "drizzle" ||
      packed.some((entry) => existsSync(join(folder.path, entry.name, "snapshot.json")));
    if (isDrizzle) return "folders";
    throw foreignFolders(folder, `${packed[0]!.name}/migration.sql`);
  }
  if (tool === "drizzle")
    throw emptyFolder(
      folder,
      "Drizzle's meta/_journal.json, or a folder with migration.sql for each migration",
      "nothing was generated yet, or `meta` was left out of the checkout or the image",
    );
  refuseMetaWithoutJournal(folder);
  if (folder.entries.some(isUp)) return "sql";
  const code = folder.entries.find((entry) => /\.([cm]?[jt]s|py|rb|exs)$/.test(entry.name));
  if (code === undefined) return "sql";
  throw new LockstepError("migration-unsupported", {
    what: `the migrations of ${folder.shown} are written in code`,
    expected: "plain SQL files, or a folder that Drizzle Kit made",
    found: code.name,
    from: `${folder.shown}/${code.name}`,
    why: "what such a migration does is known only by running it with its own tool",
    next: ["name a folder of SQL: `migrations.folder` in lockstep.config, or --folder"],
  });
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

function foreignFolders(folder: Folder, found: string): LockstepError {
  const isPrisma = existsSync(join(folder.path, "migration_lock.toml"));
  return new LockstepError("migration-unsupported", {
    what: isPrisma
      ? `${folder.shown} is a Prisma folder, which this version does not read`
      : `it is not certain which tool made ${folder.shown}`,
    expected: "plain SQL files, or a folder that Drizzle Kit made",
    found: isPrisma ? "migration_lock.toml" : `${found}, without a snapshot.json of Drizzle Kit's`,
    from: folder.shown,
    why: "Prisma and Drizzle Kit 1.0 name their folders alike, but keep their ledgers differently",
    next: isPrisma
      ? ["name a folder of SQL or of Drizzle's: `migrations.folder` in lockstep.config"]
      : ['if Drizzle Kit made it, say so: `migrations.tool: "drizzle"` in lockstep.config'],
  });
}
