import {
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isLockstepError, LockstepError } from "../../errors/index.ts";
import type { NewFile, NextMigration } from "./next-text.ts";

/** What was written, until it is kept. */
export interface Written {
  /** Paths as they are shown. */
  readonly files: readonly string[];
  /** Takes all of it back. */
  readonly undo: () => void;
}

/**
 * Writes a migration's files: those that are new, never over one that is there, then the list that names it. Each of them
 * is there as a whole or not at all, even where this process is killed or the disk is full.
 *
 * @throws LockstepError `usage` for a file that is there, `file-unwritable`; then nothing of it remains
 */
export function writeNext({ created, listed }: NextMigration, root: string): Written {
  const undone: (() => void)[] = [];
  const undo = () => {
    for (const step of undone.splice(0).toReversed()) step();
  };
  try {
    for (const one of created) create(one, root, undone);
    if (listed !== undefined) relist(listed, root, undone);
  } catch (error) {
    undo();
    throw error;
  }
  const files = [...created, ...(listed === undefined ? [] : [listed])].map(({ file }) => file);
  return { files, undo };
}

function create({ file, text }: NewFile, root: string, undone: (() => void)[]): void {
  const path = join(root, file);
  try {
    const made = mkdirSync(dirname(path), { recursive: true });
    if (made !== undefined) undone.push(() => removeEmpty(made));
    aside(path, text, (whole) => name(whole, path));
    undone.push(() => rmSync(path, { force: true }));
  } catch (error) {
    throw unwritten(file, error);
  }
}

/** What somebody else has put into it meanwhile stays. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
  }
}

/** Gives a file its own name, which nothing may have; as a copy where a file has but one name. */
function name(whole: string, path: string): void {
  try {
    linkSync(whole, path);
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw error;
    copyFileSync(whole, path, constants.COPYFILE_EXCL);
  }
}

/** A text under a name that no tool reads, until it is there as a whole and gets its own. */
function aside(path: string, text: string, put: (whole: string) => void): void {
  const whole = `${path}.${process.pid}`;
  try {
    writeFileSync(whole, text);
    put(whole);
  } finally {
    rmSync(whole, { force: true });
  }
}

function relist(
  { file, text, before }: NonNullable<NextMigration["listed"]>,
  root: string,
  undone: (() => void)[],
): void {
  const path = join(root, file);
  const put = (content: string) => aside(path, content, (whole) => renameSync(whole, path));
  try {
    if (readFileSync(path, "utf8") !== before) throw changedMeanwhile(file);
    put(text);
    undone.push(() => put(before));
  } catch (error) {
    throw isLockstepError(error) ? error : unwritten(file, error);
  }
}

function changedMeanwhile(file: string): LockstepError {
  return new LockstepError("usage", {
    what: `${file} was changed meanwhile`,
    expected: "the list as it was read",
    found: "another one",
    from: file,
    why: "somebody else generates a migration",
    next: ["run the same command again"],
  });
}

function unwritten(file: string, cause: unknown): LockstepError {
  const { code = "unknown", syscall } = cause as NodeJS.ErrnoException;
  // A file where a folder is to be made says the same.
  const isThere = code === "EEXIST" && syscall !== "mkdir";
  return new LockstepError(
    isThere ? "usage" : "file-unwritable",
    {
      what: isThere ? `${file} is there already` : `${file} cannot be written`,
      expected: "a name that nothing has, in a folder that this user may write to",
      found: isThere ? "a file, which is left as it is" : code,
      from: file,
      next: [isThere ? "remove it first, or apply it" : `ls -ld ${dirname(file)}`],
    },
    { cause },
  );
}
