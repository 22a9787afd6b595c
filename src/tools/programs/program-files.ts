import { hash } from "node:crypto";
import { readFileSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { LockstepError } from "../../errors/index.ts";
import { emptyFolder, type Folder } from "../folder.ts";
import type { Migration } from "../migration.ts";
import { requireRegularFile } from "../sql-file.ts";

/** A file of a folder whose migrations are programs. */
export interface ProgramFile {
  readonly name: string;
  /** Path as it is shown. */
  readonly file: string;
  readonly text: string;
  readonly checksum: string;
}

/**
 * Files of a folder by their names, in its order (code units).
 * @throws LockstepError `folder-empty` when none is there, `file-unreadable`
 */
export function programFiles(
  folder: Folder,
  pattern: RegExp,
  example: string,
): readonly ProgramFile[] {
  const own = folder.entries.filter(
    (entry) => !entry.isDirectory() && !entry.name.startsWith(".") && pattern.test(entry.name),
  );
  if (own.length === 0)
    throw emptyFolder(
      folder,
      `programs that the tool takes for migrations, e.g. ${example}`,
      "another folder was meant, or the files were not copied into the image",
    );
  return own.map((entry) => readProgram(folder, entry));
}

function readProgram(folder: Folder, entry: Dirent): ProgramFile {
  const { name } = entry;
  const file = folder.shown === "." ? name : `${folder.shown}/${name}`;
  const path = join(folder.path, name);
  requireRegularFile(entry, path, file);
  const bytes = readFileSync(path);
  return { name, file, text: bytes.toString("utf8"), checksum: hash("sha256", bytes) };
}

/** A migration that was not recorded yet: its SQL is not to be had. */
export function unrecorded(
  id: string,
  { file, checksum }: Pick<ProgramFile, "file" | "checksum">,
): Migration {
  return {
    id,
    file,
    checksum,
    transaction: "file",
    native: {},
    get sql(): string {
      throw new LockstepError("migration-unsupported", {
        what: `what ${file} does is not known: it is a program`,
        expected: "a migration that was recorded from its tool's own command",
        found: "one that was only listed",
        from: file,
        why: "what such a migration sends is known only by running it with its own tool",
        next: ["lockstep migrate -- YOUR COMMAND runs it guarded"],
      });
    },
  };
}
