import { readdirSync, statSync, type Dirent } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { LockstepError, suggest } from "../errors/index.ts";

/** A folder that was found, with everything in it, in byte order of names. */
export interface Folder {
  /** Absolute path. */
  readonly path: string;
  /** Relative to the working folder, with forward slashes: for messages and for the ledger. */
  readonly shown: string;
  readonly entries: readonly Dirent[];
}

/**
 * Lists a folder without reading its files.
 * @throws LockstepError `folder-not-found` with the folder that was probably meant, `file-unreadable` when it is closed
 */
export function openFolder(folder: string, cwd: string): Folder {
  const path = resolve(cwd, folder);
  const shown = showPath(path, cwd);
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    return { path, shown, entries };
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") throw notFound(path, shown, cwd, error);
    throw new LockstepError(
      "file-unreadable",
      {
        what: `the migrations folder ${shown} cannot be read`,
        expected: "a folder that this user may list",
        found: code === "EACCES" || code === "EPERM" ? "permission denied" : code,
        from: shown,
        why: "the folder belongs to another user, or the image was built with other rights",
        next: [`ls -ld ${shown}`],
      },
      { cause: error },
    );
  }
}

/** A path as it is shown and recorded: relative to the working folder, forward slashes, `.` for itself. */
export function showPath(path: string, cwd: string): string {
  return relative(cwd, path).replaceAll("\\", "/") || ".";
}

/** The error for a folder that holds nothing the tool would run. */
export function emptyFolder(folder: Folder, expected: string, why: string): LockstepError {
  const files = folder.entries.filter((entry) => !entry.name.startsWith("."));
  const names = files.slice(0, 5).map((entry) => entry.name);
  return new LockstepError("folder-empty", {
    what: `there is no migration in ${folder.shown}`,
    expected,
    found:
      names.length === 0
        ? "an empty folder"
        : `${files.length} other ${files.length === 1 ? "entry" : "entries"}: ${names.join(", ")}${files.length > names.length ? ", …" : ""}`,
    from: folder.shown,
    why,
    next: ["name the right folder: `migrations.folder` in lockstep.config, or --folder"],
  });
}

function notFound(path: string, shown: string, cwd: string, cause: unknown): LockstepError {
  const isFile = statSync(path, { throwIfNoEntry: false }) !== undefined;
  const parent = nearestFolder(dirname(path));
  const missing = relative(parent, path).split(/[\\/]/, 1)[0]!;
  const siblings = foldersIn(parent);
  const close =
    suggest(missing, siblings) ?? siblings.find((name) => holdsMigrations(parent, name));
  const meant = close === undefined ? undefined : showPath(join(parent, close), cwd);
  return new LockstepError(
    "folder-not-found",
    {
      what: isFile ? `${shown} is a file, not a folder` : `there is no folder ${shown}`,
      expected: "the folder of migrations",
      found: isFile
        ? "a file of that name"
        : siblings.length === 0
          ? `no folder at all in ${showPath(parent, cwd)}`
          : `in ${showPath(parent, cwd)}: ${siblings.slice(0, 8).join(", ")}${siblings.length > 8 ? ", …" : ""}`,
      from: "`migrations.folder` in lockstep.config, or --folder",
      why: "the path is misspelt, or Lockstep was started in another folder than usual, or the folder was not copied into the image",
      next: [
        meant === undefined
          ? `check the path; it was looked up from ${basename(cwd)}/`
          : `did you mean ${meant}?`,
      ],
    },
    { cause },
  );
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder || parent === path ? path : nearestFolder(parent);
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$)/.test(entry.name))
      .map((entry) => entry.name)
      .sort();
  } catch {
    return [];
  }
}

function holdsMigrations(parent: string, name: string): boolean {
  try {
    return readdirSync(join(parent, name)).some((entry) => /^\d.*\.sql$/i.test(entry));
  } catch {
    return false;
  }
}
