import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isLockstepError } from "../errors/index.ts";
import type { MigrationFolder } from "../tools/index.ts";

/** Where migration tools and people keep migrations, by how much the name says. */
const usual = [
  "migrations",
  "drizzle",
  "db/migrations",
  "database/migrations",
  "supabase/migrations",
  "sql/migrations",
  "src/db/migrations",
  "src/migrations",
  "src/database/migrations",
  "drizzle/migrations",
  "migrate",
  "db/migrate",
];

/** A folder of migrations that was found by looking, or why the one that was found cannot be read. */
export type FoundFolder =
  | { readonly folder: MigrationFolder }
  | { readonly folder: undefined; readonly refused?: string };

/**
 * Looks for a folder of migrations in the working folder: Drizzle's own config names one, else the usual names. The
 * first that can be read wins.
 */
export async function findFolder(cwd: string): Promise<FoundFolder> {
  const { readDrizzleConfig, readMigrations } = await import("../tools/index.ts");
  const drizzle = await readDrizzleConfig(cwd).catch(() => undefined);
  const places = [
    ...(drizzle === undefined ? [] : [drizzle.out]),
    ...usual.map((name) => join(cwd, name)),
  ];
  let refused: string | undefined;
  for (const place of places) {
    if (!isFolder(place)) continue;
    try {
      return { folder: await readMigrations({ folder: place, cwd }) };
    } catch (error) {
      if (!isLockstepError(error)) throw error;
      if (error.code !== "folder-empty") refused ??= error.explanation.what;
    }
  }
  return { folder: undefined, ...(refused === undefined ? {} : { refused }) };
}

/**
 * The folder of migrations that files lie in, found by its looks: Drizzle's, or one whose files of SQL all have a number
 * in front. Undefined for loose files. A look at the names comes first: reading a folder costs more than most checks.
 */
export async function folderAround(
  files: readonly string[],
  cwd: string,
): Promise<MigrationFolder | undefined> {
  const parents = new Set(files.map((file) => dirname(file)));
  const [parent] = parents;
  if (parent === undefined || parents.size > 1 || !looksLikeFolder(parent)) return undefined;
  const { readMigrations } = await import("../tools/index.ts");
  try {
    return await readMigrations({ folder: parent, cwd });
  } catch (error) {
    if (isLockstepError(error)) return undefined;
    throw error;
  }
}

function looksLikeFolder(path: string): boolean {
  if (existsSync(join(path, "meta", "_journal.json"))) return true;
  const files = readdirSync(path).filter((name) => /^[^.].*\.sql$/i.test(name));
  return files.length > 1 && files.every((name) => /^\d/.test(name));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
