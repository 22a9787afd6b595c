import { createHash, randomUUID } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { surplus } from "./surplus.ts";

/** Answers that are kept from one process to the next. */
export interface KeptFiles {
  /** What was kept under this key; undefined when there is none, or it is not whole. */
  read(key: string): Buffer | undefined;
  /** Keeps something. Does nothing where it cannot be written, or is too big to be worth it. */
  write(key: string, bytes: Buffer): void;
}

/** The least recently used ones go first. */
const limits = { count: 100, bytes: 256 * 2 ** 20, ofOne: 64 * 2 ** 20 };

/**
 * A folder of things to be kept, beside the scratch servers: in `LOCKSTEP_SCRATCH_HOME`, else among the temporary files.
 * Undefined where there can be no folder that is this user's alone: what lies there is believed.
 */
export function keptFiles(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): KeptFiles | undefined {
  const home = env["LOCKSTEP_SCRATCH_HOME"] ?? tmpdir();
  const folder = join(home, `lockstep-scratch-${process.getuid?.() ?? "user"}`, name);
  if (!isOurs(folder)) return undefined;
  return {
    read: (key) => read(join(folder, key)),
    write: (key, bytes) => write(folder, key, bytes),
  };
}

/** Makes the folder if need be; true when nobody else can have put anything into it. */
function isOurs(folder: string): boolean {
  try {
    // A scratch server's account may have to pass through the outer one.
    mkdirSync(dirname(folder), { recursive: true, mode: 0o711 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return [dirname(folder), folder].every((path) => {
      const stats = lstatSync(path);
      if (process.getuid === undefined) return stats.isDirectory();
      return stats.isDirectory() && stats.uid === process.getuid() && (stats.mode & 0o022) === 0;
    });
  } catch {
    return false;
  }
}

/** A line with the digest of the rest. */
function read(path: string): Buffer | undefined {
  try {
    const bytes = readFileSync(path);
    const end = bytes.indexOf("\n");
    const body = bytes.subarray(end + 1);
    if (bytes.toString("utf8", 0, end) !== digestOf(body)) return undefined;
    noteUse(path);
    return body;
  } catch {
    // None is there, it is being removed, or something else wrote it: then it is made again.
    return undefined;
  }
}

function noteUse(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // On a read-only disk nothing is ever removed.
  }
}

function write(folder: string, key: string, body: Buffer): void {
  if (body.length > limits.ofOne) return;
  const draft = join(folder, `draft-${randomUUID()}`);
  try {
    writeFileSync(draft, Buffer.concat([Buffer.from(`${digestOf(body)}\n`), body]), {
      mode: 0o600,
      flag: "wx",
    });
    renameSync(draft, join(folder, key));
    removeOld(folder);
  } catch {
    // A full or read-only disk: whoever asked has the answer all the same.
    rmSync(draft, { force: true });
  }
}

function digestOf(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}

/** Old ones, and drafts of processes that were killed. */
function removeOld(folder: string): void {
  const kept = readdirSync(folder)
    .flatMap((name) => {
      const path = join(folder, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ path, bytes: stats.size, used: stats.mtimeMs }];
    })
    .sort((a, b) => b.used - a.used);
  for (const { path } of surplus(kept, limits)) rmSync(path, { force: true });
}
