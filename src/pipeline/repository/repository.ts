import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "../text/source-file.ts";

/** The files of a repository; each is read once, when it is asked for. */
export interface Repository {
  /** Below the root, with `/`, sorted. */
  readonly paths: readonly string[];
  readonly has: (path: string) => boolean;
  /** `undefined` when it is not there, cannot be read, is longer than 1 MB or holds a NUL byte. */
  readonly read: (path: string) => SourceFile | undefined;
}

/** Folders that hold other people's code, the output of builds, or samples. */
const passedOver = new Set(
  (
    "node_modules .git .hg dist build out target vendor third_party coverage .next .turbo .venv venv __pycache__ " +
    "test tests __tests__ e2e fixtures __fixtures__ spec examples example samples docs .devcontainer"
  ).split(" "),
);

const maximumFiles = 200_000;
const maximumBytes = 1_000_000;

/** Opens the repository at `root`; `files` are its paths when they are known, else the folders are walked. */
export function openRepository(root: string, files?: readonly string[]): Repository {
  const paths = files === undefined ? listFiles(root) : [...files].sort();
  const known = new Set(paths);
  const cache = new Map<string, SourceFile | undefined>();
  const read = (path: string): SourceFile | undefined => {
    if (!known.has(path)) return undefined;
    if (!cache.has(path)) cache.set(path, readFile(root, path));
    return cache.get(path);
  };
  return { paths, has: (path) => known.has(path), read };
}

function readFile(root: string, path: string): SourceFile | undefined {
  try {
    const full = join(root, path);
    if (statSync(full).size > maximumBytes) return undefined;
    const text = readFileSync(full, "utf8");
    // Lines end with one character, so that a checkout on Windows reads like the commit; lines and columns stay.
    return text.includes("\0") ? undefined : { path, text: text.replaceAll("\r\n", "\n") };
  } catch {
    return undefined;
  }
}

function listFiles(root: string): string[] {
  const found: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readFolder(join(root, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        // A folder named `{{ cookiecutter.slug }}` is a template of repositories.
        if (!passedOver.has(entry.name) && !entry.name.includes("{{")) folders.push(path);
      } else if (entry.isFile() && found.length < maximumFiles) {
        found.push(path);
      }
    }
  }
  return found.sort();
}

function readFolder(path: string): ReturnType<typeof listEntries> {
  try {
    return listEntries(path);
  } catch {
    return [];
  }
}

const listEntries = (path: string) => readdirSync(path, { withFileTypes: true });

export const folderOf = (path: string): string => {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "." : path.slice(0, slash);
};

export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
