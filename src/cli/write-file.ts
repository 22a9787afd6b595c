import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import type { Context } from "./context.ts";

/**
 * Writes a file that the command line names, and the folders on the way to it.
 * @param path as it was named
 * @param flag `wx` for one that may not be there
 * @throws LockstepError `file-unwritable`, `usage` for one that is there
 */
export function writeNamedFile(
  path: string,
  content: string,
  { cwd }: Pick<Context, "cwd">,
  option: string,
  flag: "w" | "wx" = "w",
): void {
  const file = resolve(cwd, path);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { flag });
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    // A file where a folder is to be made says the same.
    if (code === "EEXIST" && syscall === "open") throw isThere(path, option);
    throw new LockstepError(
      "file-unwritable",
      {
        what: `${path} cannot be written`,
        expected: "a place for a file that may be written to",
        found: (error as Error).message,
        from: path,
        next: [`name another file: ${option}`],
      },
      { cause: error },
    );
  }
}

function isThere(path: string, option: string): LockstepError {
  return new LockstepError("usage", {
    what: `${path} is there already`,
    expected: "the name of a file that is to be made",
    found: "a file, which is left as it is",
    next: [`name another one, or remove it first: ${option}`],
  });
}

/** What is in a file; undefined where none can be read. */
export function textOfFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
