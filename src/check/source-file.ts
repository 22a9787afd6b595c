import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import type { Migration } from "../tools/index.ts";

/** Every file on its way through a check is a migration, also when it belongs to no folder. */
export type SourceFile = Migration;

/** A path as it is shown: relative to the working folder, forward slashes. */
export function shownPath(path: string, cwd: string): string {
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
  for (const name of names) for (const path of await expand(name, cwd)) found.add(path);
  return [...found];
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
 * Reads a file that belongs to no folder.
 * @throws LockstepError `file-unreadable`, `file-not-utf8`
 */
export function readSource(path: string, cwd: string): SourceFile {
  const file = shownPath(path, cwd);
  const bytes = readBytes(path, file);
  if (!isUtf8(bytes))
    throw new LockstepError("file-not-utf8", {
      what: `${file} is not UTF-8`,
      expected: "SQL files in UTF-8",
      from: file,
      next: [`iconv -f WINDOWS-1252 -t UTF-8 ${file}`],
    });
  const text = bytes.toString("utf8");
  return {
    id: file,
    file,
    sql: text.startsWith("\uFEFF") ? text.slice(1) : text,
    checksum: createHash("sha256").update(bytes).digest("hex"),
    transaction: "file",
    native: {},
  };
}

function readBytes(path: string, file: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new LockstepError(
      "file-unreadable",
      {
        what: `${file} cannot be read`,
        expected: "a readable file of SQL",
        found: (error as NodeJS.ErrnoException).code ?? "an unknown failure",
        from: file,
        next: [`ls -l ${file}`],
      },
      { cause: error },
    );
  }
}
