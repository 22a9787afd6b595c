import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { hasJournal } from "../layouts.ts";
import { textOf } from "../tool-of.ts";
import { nextMark, nextName } from "./next-text.ts";

/** How names end under which a write keeps what has not got its place yet: with its process. */
const aside = /\.lockstep-(\d+)$/;

/**
 * Takes away what a write of a migration has left that was killed before its end: files aside, and what of Drizzle's its list
 * does not name yet. Nothing that somebody else may have written, and nothing of a process that runs.
 *
 * @param path the folder of migrations
 * @returns what was taken away, relative to that folder
 */
export function clearLeftovers(path: string): readonly string[] {
  const asides = [dirname(path), path, join(path, "meta")].flatMap((place) =>
    namesIn(place).flatMap((name) => {
      const pid = aside.exec(name)?.[1];
      return pid === undefined ? [] : [{ path: join(place, name), isHeld: isRunning(Number(pid)) }];
    }),
  );
  const found = asides.flatMap((one) => (one.isHeld || isCompleted(one.path) ? [] : [one.path]));
  const isWritten = asides.some(({ isHeld }) => isHeld);
  const all = [...found, ...(hasJournal(path) && !isWritten ? unlisted(path) : [])];
  for (const one of all) rmSync(one, { recursive: true, force: true });
  return all.map((one) => relative(path, one));
}

/**
 * Gives the way back its place where the way forth has it already: then all of it had been written. Without it the tool would
 * run the migration as well, and perhaps has by now.
 */
function isCompleted(path: string): boolean {
  const own = path.replace(aside, "");
  const forth = own.replace(/\.down\.sql$/, ".up.sql");
  const isLate = forth !== own && !existsSync(own) && textOf(forth)?.includes(nextMark) === true;
  if (isLate) renameSync(path, own);
  return isLate;
}

/** A migration that was written with the journal to follow, and its snapshot. */
function unlisted(path: string): readonly string[] {
  const tags = tagsIn(join(path, "meta", "_journal.json"));
  if (tags === undefined) return [];
  const own = namesIn(path).filter(
    (name) =>
      name.endsWith(`${nextName}.sql`) &&
      !tags.includes(basename(name, ".sql")) &&
      textOf(join(path, name))?.includes(nextMark) === true,
  );
  return own.flatMap((name) => {
    const number = /^\d+/.exec(name)?.[0];
    const snapshot = join(path, "meta", `${number ?? ""}_snapshot.json`);
    const isIts =
      number !== undefined &&
      existsSync(snapshot) &&
      !tags.some((tag) => /^\d+/.exec(tag)?.[0] === number);
    return [...(isIts ? [snapshot] : []), join(path, name)];
  });
}

function tagsIn(journal: string): readonly string[] | undefined {
  try {
    const { entries } = JSON.parse(readFileSync(journal, "utf8")) as {
      readonly entries: readonly { readonly tag: string }[];
    };
    return entries.map(({ tag }) => tag);
  } catch {
    // A broken one is told of by who reads the folder.
    return undefined;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
