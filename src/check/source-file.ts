import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { readSqlFile, toLookAt, type Migration } from "../tools/index.ts";

/** Every file on its way through a check is a migration, also when it belongs to no folder. */
export type SourceFile = Migration;

/**
 * Whether the file that takes a migration back stands beside it; undefined for one that is not named as if there were
 * one (`….up.sql`).
 */
export function hasDown(file: string, cwd: string): boolean | undefined {
  if (!/\.up\.sql$/i.test(file)) return undefined;
  return existsSync(resolve(cwd, file.replace(/up\.sql$/i, "down.sql")));
}

/**
 * A folder relative to the root of the checkout that it lies in, `.` for the root and outside of any: systems that review
 * code name files from there. Git itself is not started for it.
 */
export function placeInCheckout(cwd: string): string {
  for (let at = resolve(cwd); ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return shownPath(resolve(cwd), at);
    if (dirname(at) === at) return ".";
  }
}

/** A path as it is shown: relative to the working folder, forward slashes. */
export function shownPath(path: string, cwd: string): string {
  const below = path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : undefined;
  // What is plainly below needs no resolving, which is slow for a thousand names.
  if (below !== undefined && below !== "" && !/(?:^|\/)\.{0,2}(?:\/|$)|\\/.test(below))
    return below;
  return relative(cwd, path).replaceAll("\\", "/") || ".";
}

/**
 * Files that a person named, absolute, without repetition: a folder stands for the files of SQL in it, and `*` and `**`
 * are understood where the shell has not resolved them.
 * @throws LockstepError `usage` for a name that finds nothing
 */
export async function namedFiles(
  names: readonly string[],
  cwd: string,
): Promise<readonly string[]> {
  const found = new Set<string>();
  const isListed = names.length > fewNames ? listedFiles() : () => false;
  for (const name of names) {
    const path = resolve(cwd, name);
    if (isListed(path)) found.add(path);
    else for (const one of await expand(name, cwd)) found.add(one);
  }
  return [...found];
}

/** More names than this are looked up in listings of their folders: asking for each takes longer. */
const fewNames = 20;

/** True for what a listing of its folder shows as a file. */
function listedFiles(): (path: string) => boolean {
  const folders = new Map<string, ReadonlySet<string>>();
  return (path) => {
    const folder = dirname(path);
    let files = folders.get(folder);
    if (files === undefined) folders.set(folder, (files = filesIn(folder)));
    return files.has(basename(path));
  };
}

function filesIn(folder: string): ReadonlySet<string> {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
  } catch {
    // Not there, or closed: each name is asked for, and explained.
    return new Set();
  }
}

async function expand(name: string, cwd: string): Promise<readonly string[]> {
  const path = resolve(cwd, name);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return [path];
  const files = stats?.isDirectory() === true ? sqlFilesIn(path) : await matching(name, cwd);
  if (files.length > 0) return files;
  throw new LockstepError("usage", {
    what: `${name} names no file of SQL`,
    expected: "a file, a folder with files of SQL, or a pattern that finds some",
    found: stats === undefined ? "nothing of that name" : "a folder without *.sql",
    from: "the arguments of lockstep check",
    next: ["check the path; it starts from the working folder"],
  });
}

function sqlFilesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.sql$/i.test(name) && !/\.down\.sql$/i.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

async function matching(pattern: string, cwd: string): Promise<readonly string[]> {
  const { glob } = await import("tinyglobby");
  const files = await glob(pattern, { cwd, absolute: true, expandDirectories: false });
  return files.toSorted();
}

/**
 * Reads a file that belongs to no folder. Of one that a tool cuts in two, only the way forth is given.
 * @throws LockstepError `file-unreadable`, `file-not-utf8`
 */
export function readSource(path: string, cwd: string): SourceFile {
  const file = shownPath(path, cwd);
  const { sql, checksum } = readSqlFile(path, file);
  return { ...toLookAt(sql, path), id: file, file, checksum };
}
