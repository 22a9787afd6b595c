import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import type { Context } from "./context.ts";

/**
 * Writes a file that the command line names, and the folders on the way to it.
 * @param path as it was named
 * @throws LockstepError `file-unwritable`
 */
export function writeNamedFile(
  path: string,
  content: string,
  { cwd }: Pick<Context, "cwd">,
  option: string,
): void {
  const file = resolve(cwd, path);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (error) {
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

/** What is in a file; undefined where none can be read. */
export function textOfFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
