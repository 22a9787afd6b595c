import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { moveIntoPlace } from "./home.ts";
import { surplus } from "./surplus.ts";

/**
 * Data directories of cleanly stopped servers, kept below the scratch home for later starts. Each is a folder with
 * `data`, the superuser's `password` and `size.json`; it gets its name only when it is complete, so half-written ones
 * are drafts, which `sweep` removes.
 */

/** Least recently used ones go first when there are more, or when they are bigger together. */
const limits = { count: 8, bytes: 2 ** 30 };

/** What tells a whole data directory from one that lost files, e.g. when the machine stopped while they were written. */
interface Size {
  readonly files: number;
  readonly bytes: number;
}

/** The kept folder for a key; undefined when there is none. One that is not whole is removed. */
export function findKept(home: string, version: string, key: string): string | undefined {
  const folder = join(home, nameOf(version, key));
  if (!existsSync(folder)) return undefined;
  try {
    const { files, bytes } = JSON.parse(readFileSync(join(folder, "size.json"), "utf8")) as Size;
    const found = sizeOf(join(folder, "data"));
    if (found.files === files && found.bytes === bytes) {
      const now = new Date();
      utimesSync(folder, now, now);
      return folder;
    }
  } catch {
    // Another process is removing it, or it is not ours to read: as good as absent.
  }
  discardKept(folder);
  return undefined;
}

/** Moves a stopped server's data into the cache. When another process was first, its work stays. */
export function keepData(
  home: string,
  version: string,
  key: string,
  from: { readonly data: string; readonly password: string },
): void {
  const draft = mkdtempSync(join(home, "draft-"));
  writeFileSync(join(draft, "password"), from.password, { mode: 0o600 });
  writeFileSync(join(draft, "size.json"), JSON.stringify(sizeOf(from.data)));
  renameSync(from.data, join(draft, "data"));
  moveIntoPlace(draft, join(home, nameOf(version, key)));
  removeOld(home);
}

/** Takes a kept folder away at once: whoever copies it notices, since files are gone. */
export function discardKept(folder: string): void {
  try {
    const draft = join(mkdtempSync(join(folder, "..", "draft-")), "discarded");
    renameSync(folder, draft);
    rmSync(join(draft, ".."), { recursive: true, force: true, maxRetries: 5 });
  } catch {
    // Another process was first.
  }
}

function removeOld(home: string): void {
  const kept = readdirSync(home)
    .filter((name) => name.startsWith("kept-"))
    .flatMap((name) => describe(join(home, name)))
    .sort((a, b) => b.used - a.used);
  for (const { folder } of surplus(kept, limits)) discardKept(folder);
}

function describe(folder: string) {
  try {
    const { bytes } = JSON.parse(readFileSync(join(folder, "size.json"), "utf8")) as Size;
    return [{ folder, bytes, used: statSync(folder).mtimeMs }];
  } catch {
    return [];
  }
}

function nameOf(version: string, key: string): string {
  return `kept-${version}-${key}`;
}

function sizeOf(folder: string): Size {
  let files = 0;
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const inside = sizeOf(path);
      files += inside.files;
      bytes += inside.bytes;
    } else if (entry.isFile()) {
      files += 1;
      bytes += statSync(path).size;
    }
  }
  return { files, bytes };
}
