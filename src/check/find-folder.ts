import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { isLockstepError, type LockstepError } from "../errors/index.ts";
import {
  flywayVersion,
  hasJournal,
  isNumbered,
  isPacked,
  packedFiles,
  type History,
  type MigrationFolder,
} from "../tools/index.ts";
import { listFiles } from "./list-files.ts";

/** A folder as the runner or as `readHistory` reads it. */
export type LookedAt = MigrationFolder & Partial<Pick<History, "leftOut" | "problems">>;

/** Folders of migrations that were found by looking, and those that cannot be read, with the reason. */
export interface FoundFolders {
  readonly folders: readonly LookedAt[];
  readonly refused: readonly LockstepError[];
}

/**
 * Looks for folders of SQL migrations below the working folder: the one that Drizzle's own config names, and every
 * folder that looks like one to `migrationFolders`.
 * @throws LockstepError `file-unreadable`, `file-not-utf8`, and what a journal of Drizzle's throws that is not whole
 */
export async function findFolders(cwd: string): Promise<FoundFolders> {
  const { readDrizzleConfig } = await import("../tools/index.ts");
  const drizzle = await readDrizzleConfig(cwd).catch(() => undefined);
  const files = await listFiles(cwd, [".sql"]);
  const found = migrationFolders(files, resolve(cwd)).map((folder) => resolve(cwd, folder));
  const named = drizzle === undefined || !existsSync(drizzle.out) ? [] : [drizzle.out];
  const folders: History[] = [];
  const refused: LockstepError[] = [];
  for (const place of new Set([...named, ...found]))
    try {
      folders.push(await readFolder(place, cwd));
    } catch (error) {
      if (!isLockstepError(error)) throw error;
      // A file that cannot be read must not pass for one that is not there.
      if (!passed.has(error.code)) throw error;
      if (error.code === "migration-unsupported") refused.push(error);
    }
  return { folders, refused };
}

/** Codes of folders that hold no migrations that a check could look at. */
const passed: ReadonlySet<string> = new Set([
  "migration-unsupported",
  "folder-empty",
  "folder-not-found",
]);

/** Folders of code that is not ours, and of tests, samples and things put away. */
const passedOver =
  /^(?:node_modules|vendor|third_party|tests?|__tests__|e2e|fixtures|__fixtures__|testdata|specs?|examples?|samples?|docs?|dist|build|target|_?archived?)$/;

const otherDatabase =
  /clickhouse|mysql|mariadb|sqlite|mssql|mongo|duckdb|cassandra|snowflake|bigquery|^d1$/i;

/**
 * The folders among some files of SQL that look like migrations: a folder for each with `migration.sql` or `up.sql` in
 * it, Flyway's `V1__name.sql`, or files with a number in front in a folder whose name says so.
 *
 * @param files relative to `root`, with `/`
 * @param root absolute; its own name counts when the files lie in it
 */
export function migrationFolders(files: readonly string[], root: string): readonly string[] {
  const found = new Set<string>();
  for (const file of files) {
    const segments = file.split("/").slice(0, -1);
    if (segments.some((name) => passedOver.test(name) || otherDatabase.test(name))) continue;
    const folder = folderOf(file, root);
    if (folder !== undefined) found.add(folder);
  }
  return [...found].toSorted();
}

function folderOf(file: string, root: string): string | undefined {
  const name = basename(file);
  const parent = dirname(file);
  if (isPacked(name) && parent !== ".") return isPack(parent) ? dirname(parent) : undefined;
  if (flywayVersion(name) !== undefined && name.endsWith(".sql")) return parent;
  if (!isNumbered(name) || !/\.sql$/i.test(name)) return undefined;
  const path = parent === "." ? root.replaceAll("\\", "/") : `${basename(root)}/${parent}`;
  const near = path.split("/").slice(-2).join("/");
  const isNamed = /migrat|drizzle|flyway|liquibase|schema[-_]?changes/i.test(near);
  return isNamed || hasJournal(join(root, parent)) ? parent : undefined;
}

/**
 * The folder of migrations that files lie in, found by its looks: one that `migrationFolders` would find, or one whose
 * files of SQL all have a number in front. Undefined for loose files. A look at the names comes first: reading a folder
 * costs more than most checks.
 */
export async function folderAround(
  files: readonly string[],
  cwd: string,
): Promise<History | undefined> {
  const parents = new Set(files.map((file) => placeOf(file)));
  const [parent] = parents;
  if (parent === undefined || parents.size > 1 || !looksLikeFolder(parent)) return undefined;
  try {
    return await readFolder(parent, cwd);
  } catch (error) {
    if (isLockstepError(error)) return undefined;
    throw error;
  }
}

async function readFolder(folder: string, cwd: string): Promise<History> {
  const { readHistory } = await import("../tools/index.ts");
  return readHistory({ folder, cwd });
}

/** The folder of migrations that a file would belong to: two up for `20260102030405_name/migration.sql`. */
function placeOf(file: string): string {
  const parent = dirname(file);
  return isPacked(basename(file)) && isPack(parent) ? dirname(parent) : parent;
}

/** True for the folder of one migration: `20260102030405_name`, `2026-01-02-030405_name`, or `01_name` as people write it. */
function isPack(folder: string): boolean {
  return /^(?:\d{4}|\d+_)/.test(basename(folder));
}

function looksLikeFolder(path: string): boolean {
  if (hasJournal(path)) return true;
  const entries = readdirSync(path);
  const files = entries.filter((name) => /^[^.].*\.sql$/i.test(name));
  if (files.length === 0)
    return entries.some((name) => packedFiles.some((file) => existsSync(join(path, name, file))));
  const isFlyway = files.some((name) => flywayVersion(name) !== undefined);
  return isFlyway || (files.length > 1 && files.every(isNumbered));
}
