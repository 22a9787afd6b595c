import type { Dirent } from "node:fs";
import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { emptyFolder, type Folder } from "./folder.ts";
import type { Migration, MigrationFolder } from "./migration.ts";
import { readSqlFile, requireRegularFile } from "./sql-file.ts";
import { sectionIn } from "./up-part.ts";

/**
 * A folder of plain SQL: `0001_add_users.sql`, `1_add_users.sql`, `20260102030405_add_users.sql`, each with or without
 * `.up` before `.sql`. Ordered by the number in front; `*.down.sql`, files that are not SQL and dotfiles are left out.
 * Each file is one transaction.
 *
 * @throws LockstepError `folder-empty`, `migration-duplicate-id`, `migration-unsupported` for a file whose place in the
 * order is unknown or that belongs to another tool, and what `readSqlFile` throws
 */
export function readSqlFolder(folder: Folder): MigrationFolder {
  const numbered = folder.entries.filter(isUp).map((entry) => numberOf(entry, folder));
  if (numbered.length === 0)
    throw emptyFolder(
      folder,
      "files of SQL with a number in front, e.g. 0001_add_users.sql",
      "another folder was meant, or the migrations are written in code, which this version does not read",
    );
  numbered.sort(byNumber);
  for (const [index, next] of numbered.entries()) {
    const previous = numbered[index - 1];
    if (previous !== undefined && byNumber(previous, next) === 0)
      throw sameNumber(previous.entry.name, next.entry.name, folder);
  }
  return {
    tool: "sql",
    path: folder.shown,
    source: `sql:${folder.shown}`,
    migrations: numbered.map(({ entry }) => readMigration(entry, folder)),
    ledger: undefined,
  };
}

/** True for what a plain SQL folder would run. */
export function isUp(entry: Dirent): boolean {
  return /^[^.].*\.sql$/i.test(entry.name) && !/\.down\.sql$/i.test(entry.name);
}

interface Numbered {
  readonly entry: Dirent;
  /** Digits without leading zeros: too long for a number when somebody writes nanoseconds. */
  readonly digits: string;
}

function numberOf(entry: Dirent, folder: Folder): Numbered {
  const digits = /^\d+/.exec(entry.name)?.[0];
  if (digits !== undefined) return { entry, digits: digits.replace(/^0+(?=\d)/, "") };
  const shown = `${folder.shown}/${entry.name}`;
  throw new LockstepError("migration-unsupported", {
    what: `${shown} has no number in front of its name`,
    expected: "0001_name.sql, or 20260102030405_name.sql",
    found: entry.name,
    from: shown,
    why: /^[VRU]\d*_/.test(entry.name)
      ? "this is how Flyway names its files; Lockstep does not read Flyway's folders yet"
      : "without one its place in the order is unknown, and leaving it out could skip a migration",
    next: ["rename it with the next number, or move it out of the migrations folder"],
  });
}

function byNumber(a: Numbered, b: Numbered): number {
  const byLength = a.digits.length - b.digits.length;
  if (byLength !== 0) return byLength;
  return a.digits === b.digits ? 0 : a.digits < b.digits ? -1 : 1;
}

function sameNumber(first: string, second: string, folder: Folder): LockstepError {
  return new LockstepError("migration-duplicate-id", {
    what: `two migrations of ${folder.shown} have the same number`,
    expected: "one order in which the files are run, the same on every machine",
    found: `${first} and ${second}`,
    from: folder.shown,
    why: /^\d{4}-\d{2}/.test(second)
      ? "the number ends at the first character that is no digit, so a date needs to be written 20260102030405"
      : "two branches took the same next number, and both were merged",
    next: [
      `rename the one that no environment has applied yet, e.g. to the number after the last (lockstep status shows what is applied)`,
    ],
  });
}

function readMigration(entry: Dirent, folder: Folder): Migration {
  const path = join(folder.path, entry.name);
  const file = `${folder.shown}/${entry.name}`;
  requireRegularFile(entry, path, file);
  const { sql, checksum } = readSqlFile(path, file);
  refuseOtherTools(sql, file);
  return {
    id: entry.name.replace(/(\.up)?\.sql$/i, ""),
    file,
    sql,
    checksum,
    transaction: "file",
    native: {},
  };
}

function refuseOtherTools(sql: string, file: string): void {
  const section = sectionIn(sql);
  if (section === undefined) return;
  const { tool, index, text } = section;
  const line = sql.slice(0, index).split("\n").length;
  throw new LockstepError("migration-unsupported", {
    what: `${file}:${line}: this file is written for ${tool}`,
    expected: "a file of SQL that is run from its first line to its last",
    found: text,
    from: `${file}:${line}`,
    why: `${tool} cuts the file at this comment; read as plain SQL, its down part would be run right after its up part`,
    next: [
      "split it into NAME.up.sql and NAME.down.sql, or take the comment and the down part out",
    ],
  });
}
