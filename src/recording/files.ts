import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { MigrationFolder } from "../tools/index.ts";

/** Folders that hold no migrations, whatever lies in them. */
const closed = /^(?:node_modules|__pycache__|\..*|venv)$/;

/** Nothing that is worth looking for lies deeper, and a walk must end. */
const limits = { depth: 6, entries: 20_000 };

/** Files below a folder, relative to it, in byte order. */
export function filesBelow(path: string): readonly string[] {
  const found: string[] = [];
  let seen = 0;
  const enter = (below: string, depth: number): void => {
    const entries = readdirSync(join(path, below), { withFileTypes: true });
    for (const entry of entries) {
      if (++seen > limits.entries) return;
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (!entry.isDirectory()) found.push(name);
      else if (depth < limits.depth && !closed.test(entry.name)) enter(name, depth + 1);
    }
  };
  enter("", 0);
  return found.toSorted();
}

/**
 * The file of a migration by its name in the ledger: the listed one, else one of that name below the folder. Of a name with
 * several parts (Django's `app.0001_initial`) the others are folders around it. Undefined for one of another package's.
 */
export function fileOf(folder: MigrationFolder, name: string, cwd: string): string | undefined {
  const listed = folder.migrations.find(({ id }) => id === name)?.file;
  if (listed !== undefined || folder.program!.isListed) return listed;
  const parts = name.split(".");
  const last = folder.program!.nameColumns.length > 1 ? parts.at(-1)! : name;
  const around = folder.program!.nameColumns.length > 1 ? parts.slice(0, -1) : [];
  const isIt = (file: string) => {
    const segments = file.split("/");
    const stem = segments.at(-1)!.replace(/\.\w+$/, "");
    const path = [...folder.path.split("/"), ...segments.slice(0, -1)];
    return (
      (stem === last || segments.at(-1) === last || stem.startsWith(`${last}_`)) &&
      around.every((part) => path.includes(part))
    );
  };
  const found = filesBelow(resolve(cwd, folder.path)).find(isIt);
  if (found === undefined) return undefined;
  return folder.path === "." ? found : `${folder.path}/${found}`;
}

export function textOfFile(file: string, cwd: string): string {
  return readFileSync(resolve(cwd, file), "utf8");
}
