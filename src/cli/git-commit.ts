import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/**
 * The commit that is checked out in a folder, read from the files of `.git`: starting git costs more than all else that
 * a command with nothing to do does. Undefined outside a checkout, and for layouts that only git itself can read.
 */
export function checkedOutCommit(folder: string): string | undefined {
  try {
    const git = gitFolder(folder);
    return git && commitOf("HEAD", git, commonFolder(git));
  } catch {
    return undefined;
  }
}

function gitFolder(folder: string): string | undefined {
  const git = join(folder, ".git");
  if (existsSync(join(git, "HEAD"))) return git;
  // A worktree or a submodule: `.git` is a file that names the folder.
  if (existsSync(git))
    return resolve(
      folder,
      readFileSync(git, "utf8")
        .replace(/^gitdir: /, "")
        .trim(),
    );
  const parent = dirname(folder);
  return parent === folder ? undefined : gitFolder(parent);
}

/** Where a worktree's branches are: with those of the repository it belongs to. */
function commonFolder(git: string): string {
  const file = join(git, "commondir");
  return existsSync(file) ? resolve(git, readFileSync(file, "utf8").trim()) : git;
}

function commitOf(name: string, git: string, common: string): string | undefined {
  const file = [join(git, name), join(common, name)].find((path) => existsSync(path));
  const text = file === undefined ? packedCommit(name, common) : readFileSync(file, "utf8").trim();
  if (text?.startsWith("ref: ") === true) return commitOf(text.slice(5), git, common);
  return text !== undefined && /^[0-9a-f]{40,64}$/.test(text) ? text : undefined;
}

function packedCommit(name: string, common: string): string | undefined {
  const lines = readFileSync(join(common, "packed-refs"), "utf8").split("\n");
  return lines.find((line) => line.endsWith(` ${name}`))?.split(" ", 1)[0];
}
