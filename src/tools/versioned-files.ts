import type { Dirent } from "node:fs";
import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { emptyFolder, type Folder } from "./folder.ts";
import type { AppliedMigration, Migration } from "./migration.ts";
import { readSqlFile, requireRegularFile, type SqlFile } from "./sql-file.ts";

/** How a tool names its files. */
export interface FileNames {
  /** The tool's name as it is written in sentences. */
  readonly owner: string;
  /** Matches a file that is run; its groups are `version`, in digits, and `description`. */
  readonly run: RegExp;
  /**
   * `number`: files are run by their numbers, and a version is one. `text`: by their names, character by character, and a
   * version is the digits as they are written: `10_b` comes before `9_a`, and `01` is not `1`.
   */
  readonly versions: "number" | "text";
  /** Matches a file of SQL that the tool knows and does not run on the way forth. */
  readonly back: RegExp;
  /** An example, for messages. */
  readonly example: string;
}

/** A file of a folder with its number. */
export interface VersionedFile {
  readonly name: string;
  /** As the ledger keeps it. */
  readonly version: string;
  readonly description: string;
  readonly entry: Dirent;
}

/** Versions are `bigint` in most ledgers (int8, Go's and Rust's i64). */
const greatest = 2n ** 63n - 1n;

/**
 * The files of a folder that a tool runs, by their numbers. A file of SQL whose name the tool does not understand is
 * refused: the tool passes over it without a word, or stops there.
 *
 * @throws LockstepError `folder-empty`, `migration-duplicate-id`, `migration-unsupported`
 */
export function versionedFiles(folder: Folder, names: FileNames): readonly VersionedFile[] {
  const files: VersionedFile[] = [];
  for (const entry of folder.entries) {
    const { name } = entry;
    if (name.startsWith(".") || !/\.sql$/i.test(name) || names.back.test(name)) continue;
    const { version: digits, description = "" } = names.run.exec(name)?.groups ?? {};
    if (digits === undefined || (names.versions === "number" && BigInt(digits) > greatest))
      throw misnamed(folder, name, names);
    const version = names.versions === "number" ? String(BigInt(digits)) : digits;
    files.push({ name, version, description, entry });
  }
  if (files.length === 0)
    throw emptyFolder(
      folder,
      `files of SQL as ${names.owner} names them, e.g. ${names.example}`,
      "another folder was meant, or the files were not copied into the image",
    );
  // Entries are in the order of their names.
  if (names.versions === "number")
    files.sort((a, b) => Number(BigInt(a.version) - BigInt(b.version)));
  const seen = new Map<string, VersionedFile>();
  for (const file of files) {
    const twin = seen.get(file.version);
    if (twin !== undefined) throw sameVersion(folder, twin.name, file.name, names.owner);
    seen.set(file.version, file);
  }
  return files;
}

/**
 * Reads one of them.
 * @param cut what of the migration hangs on its text; the text itself when left away
 */
export function readVersioned(
  folder: Folder,
  { name, version, entry }: VersionedFile,
  cut: (file: SqlFile, shown: string) => Partial<Migration> = () => ({}),
): Migration {
  const path = join(folder.path, name);
  const file = `${folder.shown}/${name}`;
  requireRegularFile(entry, path, file);
  const read = readSqlFile(path, file);
  return {
    id: name.replace(/(\.up)?\.sql$/i, ""),
    file,
    ...read,
    transaction: "file",
    native: { version },
    ...cut(read, file),
  };
}

/** The version of a migration that `readVersioned` gave. */
export function versionOf({ id, native }: Migration): string {
  const version = native["version"];
  if (typeof version !== "string") throw new TypeError(`${id} has no version`);
  return version;
}

/** The row of a ledger that knows migrations by their versions. */
export function rowOfVersion(
  known: ReadonlyMap<string, Migration>,
  version: string,
  appliedAt: Date | undefined,
): AppliedMigration {
  return {
    id: known.get(version)?.id,
    label: `version ${version}`,
    appliedAt,
    checksum: undefined,
    isEdited: false,
  };
}

/** Migrations by version, as ledgers name them. */
export function byVersion(migrations: readonly Migration[]): ReadonlyMap<string, Migration> {
  return new Map(migrations.map((migration) => [versionOf(migration), migration]));
}

function misnamed(folder: Folder, name: string, { owner, example }: FileNames): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `${folder.shown}/${name} is not named as ${owner} names its files`,
    expected: example,
    found: name,
    from: `${folder.shown}/${name}`,
    why: `${owner} passes over such a file without a word, or stops at it: what is in it reaches no database`,
    next: [
      "rename it with the next number, or move it out of the migrations folder",
      'or say that these are plain SQL files: `migrations.tool: "sql"` in lockstep.config',
    ],
  });
}

/** The error for two migrations that a ledger could not tell apart. */
export function sameVersion(
  folder: Folder,
  first: string,
  second: string,
  owner: string,
): LockstepError {
  return new LockstepError("migration-duplicate-id", {
    what: `two migrations of ${folder.shown} have the same version`,
    expected: `one for each version: it is all that ${owner}'s ledger keeps`,
    found: `${first} and ${second}`,
    from: folder.shown,
    why: "two branches took the same next number, and both were merged",
    next: [
      "rename the one that no environment has applied yet, e.g. to the number after the last (lockstep status shows what is applied)",
    ],
  });
}
