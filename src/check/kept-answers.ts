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
import { surplus } from "../scratch/index.ts";

/** What a check printed and wrote, byte by byte. */
export interface Answer {
  readonly exitCode: number;
  /** What went to the standard output, then each further report. */
  readonly texts: readonly Buffer[];
}

export interface KeptAnswers {
  /** The answer that was kept under this key; undefined when there is none, or it is not whole. */
  read(key: string): Answer | undefined;
  /** Keeps an answer. Does nothing where it cannot be written, or is too big to be worth it. */
  write(key: string, answer: Answer): void;
}

/** The least recently used answers go first. */
const limits = { count: 100, bytes: 256 * 2 ** 20, ofOne: 64 * 2 ** 20 };

interface Header {
  readonly exitCode: number;
  readonly lengths: readonly number[];
  readonly digest: string;
}

/**
 * Answers of earlier checks, beside the scratch servers: in `LOCKSTEP_SCRATCH_HOME`, else among the temporary files. Undefined
 * when `LOCKSTEP_ANSWERS` is `off`, and where there can be no folder that is this user's alone: what lies there is
 * believed.
 */
export function keptAnswers(
  env: Readonly<Record<string, string | undefined>>,
): KeptAnswers | undefined {
  if (env["LOCKSTEP_ANSWERS"] === "off") return undefined;
  const home = env["LOCKSTEP_SCRATCH_HOME"] ?? tmpdir();
  const folder = join(home, `lockstep-scratch-${process.getuid?.() ?? "user"}`, "answers");
  if (!isOurs(folder)) return undefined;
  return {
    read: (key) => read(join(folder, key)),
    write: (key, answer) => write(folder, key, answer),
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

function read(path: string): Answer | undefined {
  try {
    const bytes = readFileSync(path);
    const end = bytes.indexOf("\n");
    const { exitCode, lengths, digest } = JSON.parse(bytes.toString("utf8", 0, end)) as Header;
    const body = bytes.subarray(end + 1);
    if (digest !== digestOf(exitCode, lengths, body)) return undefined;
    noteUse(path);
    let from = 0;
    return { exitCode, texts: lengths.map((length) => body.subarray(from, (from += length))) };
  } catch {
    // None is there, it is being removed, or something else wrote it: then the check is made.
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

function write(folder: string, key: string, { exitCode, texts }: Answer): void {
  const body = Buffer.concat(texts);
  if (body.length > limits.ofOne) return;
  const lengths = texts.map(({ length }) => length);
  const header: Header = { exitCode, lengths, digest: digestOf(exitCode, lengths, body) };
  const draft = join(folder, `draft-${randomUUID()}`);
  try {
    writeFileSync(draft, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), body]), {
      mode: 0o600,
      flag: "wx",
    });
    renameSync(draft, join(folder, key));
    removeOld(folder);
  } catch {
    // A full or read-only disk: the answer was given all the same.
    rmSync(draft, { force: true });
  }
}

function digestOf(exitCode: number, lengths: readonly number[], body: Buffer): string {
  const hash = createHash("sha256").update(JSON.stringify([exitCode, lengths]));
  return hash.update(body).digest("hex");
}

/** Old answers, and drafts of processes that were killed. */
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
