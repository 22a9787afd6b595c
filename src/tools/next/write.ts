import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LockstepError } from "../../errors/index.ts";
import type { NewFile, NextMigration } from "./next-text.ts";

/** What was written, until it is kept. */
export interface Written {
  /** Paths as they are shown. */
  readonly files: readonly string[];
  /** Takes all of it back. */
  readonly undo: () => void;
}

/**
 * Writes a migration's files: those that are new, never over one that is there, then the list that names it.
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
    if (made !== undefined) undone.push(() => rmdirSync(made));
    writeFileSync(path, text, { flag: "wx" });
    undone.push(() => rmSync(path));
  } catch (error) {
    throw unwritten(file, error);
  }
}

function relist(
  { file, text, before }: NonNullable<NextMigration["listed"]>,
  root: string,
  undone: (() => void)[],
): void {
  const path = join(root, file);
  const aside = `${path}.${process.pid}`;
  if (readFileSync(path, "utf8") !== before)
    throw new LockstepError("usage", {
      what: `${file} was changed meanwhile`,
      expected: "the list as it was read",
      found: "another one",
      from: file,
      why: "somebody else generates a migration",
      next: ["run the same command again"],
    });
  const put = (content: string) => {
    writeFileSync(aside, content);
    renameSync(aside, path);
  };
  try {
    put(text);
    undone.push(() => put(before));
  } catch (error) {
    rmSync(aside, { force: true });
    throw unwritten(file, error);
  }
}

function unwritten(file: string, cause: unknown): LockstepError {
  const { code = "unknown" } = cause as NodeJS.ErrnoException;
  const isThere = code === "EEXIST";
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
