import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { isLockstepError, LockstepError } from "../../errors/index.ts";
import type { NewFile, NextMigration } from "./next-text.ts";

/** What was written, until it is kept. */
export interface Written {
  /** Paths as they are shown. */
  readonly files: readonly string[];
  /** Takes all of it back. */
  readonly undo: () => void;
}

/** Steps of a write, and what takes them back. */
interface Writing {
  readonly root: string;
  /** Files and folders that are there until all is written. */
  readonly asides: string[];
  readonly undone: (() => void)[];
}

/**
 * Writes a migration's files: those that are new, never over one that is there, then the list that names it. Each of them
 * is there as a whole or not at all, even where this process is killed or the disk is full: all are written under names that
 * no tool reads before the first gets its own, and a new folder comes with what is in it.
 *
 * @throws LockstepError `usage` for a file that is there, `file-unwritable`; then nothing of it remains
 */
export function writeNext({ created, listed }: NextMigration, root: string): Written {
  const writing: Writing = { root, asides: [], undone: [] };
  const undo = () => takeBack(writing.undone);
  try {
    const puts = asFolder(created, writing) ?? created.map((one) => create(one, writing));
    if (listed !== undefined) puts.push(relist(listed, writing));
    for (const put of puts) put();
  } catch (error) {
    undo();
    throw error;
  } finally {
    for (const path of writing.asides) rmSync(path, { recursive: true, force: true });
  }
  const files = [...created, ...(listed === undefined ? [] : [listed])].map(({ file }) => file);
  return { files, undo };
}

/** What cannot be taken back for want of space can be when the rest of it is gone. */
function takeBack(undone: (() => void)[]): void {
  const failed: (() => void)[] = [];
  for (const step of undone.splice(0).toReversed())
    try {
      step();
    } catch {
      failed.push(step);
    }
  for (const step of failed) step();
}

/** A name that no tool reads, beside the file's own. */
function asideOf(path: string): string {
  return `${path}.lockstep-${process.pid}`;
}

/** Where a folder is made before it gets its place: not among folders that a tool takes for migrations. */
function stagedIn(migrations: string): string {
  return join(dirname(migrations), `.lockstep-${process.pid}`);
}

/**
 * The files as a folder that is not there yet and comes as a whole; undefined where it is there, or cannot be made elsewhere
 * and moved.
 */
function asFolder(
  created: readonly NewFile[],
  { root, asides, undone }: Writing,
): (() => void)[] | undefined {
  const [first] = created;
  const folder = dirname(join(root, first!.file));
  const isOne = created.every(({ file }) => dirname(join(root, file)) === folder);
  if (!isOne || existsSync(folder) || !existsSync(dirname(folder))) return undefined;
  const staged = stagedIn(dirname(folder));
  try {
    mkdirSync(staged);
    asides.push(staged);
    const isSameDisk = statSync(staged).dev === statSync(dirname(folder)).dev;
    if (!isSameDisk) return undefined;
    for (const { file, text } of created) writeFileSync(join(staged, basename(file)), text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") throw unwritten(first!.file, error);
    return undefined;
  }
  const put = () => {
    try {
      renameSync(staged, folder);
    } catch (error) {
      throw unwritten(first!.file, error);
    }
    undone.push(() => removeEmpty(folder));
    for (const { file } of created) undone.push(() => rmSync(join(root, file), { force: true }));
  };
  return [put];
}

function create({ file, text }: NewFile, { root, asides, undone }: Writing): () => void {
  const path = join(root, file);
  const attempt = (step: () => void) => {
    try {
      step();
    } catch (error) {
      throw unwritten(file, error);
    }
  };
  attempt(() => {
    const made = mkdirSync(dirname(path), { recursive: true });
    if (made !== undefined) undone.push(() => removeEmpty(made));
    asides.push(asideOf(path));
    writeFileSync(asideOf(path), text);
  });
  return () => {
    attempt(() => name(asideOf(path), path));
    undone.push(() => rmSync(path, { force: true }));
  };
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

function relist(
  { file, text, before }: NonNullable<NextMigration["listed"]>,
  { root, asides, undone }: Writing,
): () => void {
  const path = join(root, file);
  const whole = asideOf(path);
  const attempt = (step: () => void) => {
    try {
      step();
    } catch (error) {
      throw isLockstepError(error) ? error : unwritten(file, error);
    }
  };
  const requireSame = () => {
    if (readFileSync(path, "utf8") !== before) throw changedMeanwhile(file);
  };
  attempt(() => {
    requireSame();
    asides.push(whole);
    writeFileSync(whole, text);
  });
  return () => {
    attempt(() => {
      requireSame();
      renameSync(whole, path);
    });
    undone.push(() => {
      writeFileSync(whole, before);
      renameSync(whole, path);
    });
  };
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

const isThere: ReadonlySet<string> = new Set(["EEXIST", "ENOTEMPTY"]);

function unwritten(file: string, cause: unknown): LockstepError {
  const { code = "unknown", syscall } = cause as NodeJS.ErrnoException;
  // A file where a folder is to be made says the same.
  const isTaken = isThere.has(code) && syscall !== "mkdir";
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new LockstepError(
    isTaken ? "usage" : "file-unwritable",
    {
      what: isTaken ? `${file} is there already` : `${file} cannot be written`,
      expected: isFull
        ? "room for it on the disk"
        : "a name that nothing has, in a folder that this user may write to",
      found: isTaken
        ? "a file, which is left as it is"
        : isFull
          ? `${code}: the disk is full; nothing of it was left there`
          : code,
      from: file,
      next: [
        isTaken
          ? "remove it first, or apply it"
          : isFull
            ? "make room, then run the same command again: df -h"
            : `ls -ld ${dirname(file)}`,
      ],
    },
    { cause },
  );
}
