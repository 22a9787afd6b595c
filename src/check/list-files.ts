import { readdirSync } from "node:fs";
import { join } from "node:path";
import { listed } from "./git.ts";

/** Folders that are never walked into. */
const closed = new Set(["node_modules", ".git", ".hg", ".svn", ".next", ".venv", "venv"]);

/** Nothing that is worth looking for lies deeper, and a walk must end. */
const limits = { depth: 8, entries: 100_000 };

/**
 * Files whose names end in one of `endings`, relative to `cwd` with `/`: those that git knows or would take up, else,
 * outside a repository, those that a walk finds. Links to folders are not followed.
 */
export async function listFiles(
  cwd: string,
  endings: readonly string[],
): Promise<readonly string[]> {
  const known = await listed(
    cwd,
    endings.map((ending) => `*${ending}`),
  );
  return known ?? walk(cwd, endings);
}

function walk(cwd: string, endings: readonly string[]): readonly string[] {
  const found: string[] = [];
  let seen = 0;
  const enter = (folder: string, depth: number): void => {
    for (const entry of entriesOf(join(cwd, folder))) {
      if (++seen > limits.entries) return;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < limits.depth && !closed.has(entry.name)) enter(path, depth + 1);
      } else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(path);
    }
  };
  enter("", 0);
  return found;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // Closed to us, or gone since it was listed.
    return [];
  }
}
