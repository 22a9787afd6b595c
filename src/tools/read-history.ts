import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { byDieselVersion, toolOfUps } from "./diesel.ts";
import { ledgerOfDrizzleConfig } from "./drizzle-config.ts";
import { readDrizzleJournal } from "./drizzle.ts";
import { emptyFolder, openFolder, type Folder } from "./folder.ts";
import type { Migration, MigrationFolder } from "./migration.ts";
import { flywayVersion, hasJournal, packedFiles } from "./layouts.ts";
import { readMigrations } from "./read-migrations.ts";
import { askedSending, sentAs } from "./senders.ts";
import { readSqlFile } from "./sql-file.ts";
import { textOf, toolOf } from "./tool-of.ts";
import { sectionIn, upPart } from "./up-part.ts";

/** A folder of SQL that is looked at and not applied. */
export interface History extends MigrationFolder {
  /** Files of SQL whose place in the order is not known: they were left out. */
  readonly leftOut: readonly string[];
  /** Why its tool would not run all of it. */
  readonly problems: readonly LockstepError[];
}

/**
 * Reads a folder of SQL migrations of any tool that is known, to be looked at: Lockstep's own commands apply what
 * `readMigrations` gives and no more. Of files that hold a way back too, only the way forth is given. What Drizzle would
 * pass over is told and not thrown: it was so in many a journal for years.
 *
 * @returns `tool` is `sql` when it is not known who applies it
 * @throws LockstepError `folder-not-found`, `folder-empty`, `file-unreadable`, `file-not-utf8`, `migration-unsupported`
 * for code and for other databases, and what Drizzle's folders throw
 */
export async function readHistory(options: {
  readonly folder: string;
  readonly cwd: string;
}): Promise<History> {
  const { cwd } = options;
  const folder = openFolder(options.folder, cwd);
  requirePostgres(folder);
  const { files, leftOut, tool: layout, programs = [] } = filesOf(folder, resolve(cwd));
  if (hasJournal(folder.path)) return readJournalled(folder, cwd);
  if (files.length === 0) return { ...(await readMigrations(options)), leftOut, problems: [] };
  const beside = besideIn(folder);
  const migrations = files.map((name) => readOne(folder, name, beside));
  const cutBy = migrations.find((one) => one.cutBy !== undefined)?.cutBy;
  const tool = layout ?? toolOf(folder, cutBy, resolve(cwd)) ?? "sql";
  return {
    tool,
    path: folder.shown,
    source: `${tool}:${folder.shown}`,
    migrations: migrations.map(({ migration }) => migration),
    ledger: undefined,
    leftOut: leftOut.map((name) => shownIn(folder, name)),
    problems: programs.length === 0 ? [] : [notRead(folder, programs)],
  };
}

function notRead(folder: Folder, programs: readonly string[]): LockstepError {
  const [first] = programs;
  const isOne = programs.length === 1;
  return new LockstepError("migration-unsupported", {
    what: `${programs.length} ${isOne ? "migration" : "migrations"} of ${folder.shown} ${isOne ? "is a program" : "are programs"}, ${isOne ? "" : "the first "}${first}`,
    expected: "files of SQL",
    found: programs.slice(0, 3).join(", "),
    from: shownIn(folder, first!),
    why: "what they do is known only by running them with their own tool, and is taken for nothing here",
    next: ["read them beside what is said of the files of SQL"],
  });
}

async function readJournalled(folder: Folder, cwd: string): Promise<History> {
  const problems: LockstepError[] = [];
  const place = await ledgerOfDrizzleConfig(folder.path, cwd);
  const read = await readDrizzleJournal(folder, place, (problem) => problems.push(problem));
  return { ...read, leftOut: [], problems };
}

interface Files {
  readonly tool: string | undefined;
  /** In the order of application, relative to the folder. */
  readonly files: readonly string[];
  readonly leftOut: readonly string[];
  /** Migrations between them that are code. */
  readonly programs?: readonly string[];
}

/** What of the folder is run, in which order, by its layout. */
function filesOf(folder: Folder, root: string): Files {
  const has = (name: string) => existsSync(join(folder.path, name));
  const inside = (file: string) =>
    folder.entries
      .filter((entry) => !entry.isFile() && has(join(entry.name, file)))
      .map(({ name }) => name);
  const [migrationFile, upFile] = packedFiles;
  const packed = inside(migrationFile);
  if (packed.some((name) => has(join(name, "snapshot.json"))))
    return { tool: undefined, files: [], leftOut: [] };
  if (packed.length > 0)
    return { tool: "prisma", files: packed.map((name) => `${name}/${migrationFile}`), leftOut: [] };
  const ups = inside(upFile).sort(byDieselVersion);
  if (ups.length > 0)
    return {
      tool: toolOfUps(folder, root),
      files: ups.map((name) => `${name}/${upFile}`),
      leftOut: [],
    };
  const names = folder.entries
    .filter((entry) => isUp(entry.name) && !entry.isDirectory())
    .map(({ name }) => name);
  return flywayFiles(names) ?? filesBesidePrograms(folder, names);
}

function isUp(name: string): boolean {
  return /^[^.].*\.sql$/i.test(name) && !/[._]down\.sql$/i.test(name);
}

/** `V1.2__name.sql` by version, then `R__name.sql`; `U…` takes back and `B…` stands for a whole history. */
function flywayFiles(names: readonly string[]): Files | undefined {
  const versioned = names.filter((name) => flywayVersion(name) !== undefined);
  if (versioned.length === 0) return undefined;
  const numbers = (name: string) => flywayVersion(name)!.split(/[._]/);
  versioned.sort((a, b) => byNumbers(numbers(a), numbers(b)));
  const repeatable = names.filter((name) => name.startsWith("R__"));
  const known = new Set([...versioned, ...repeatable]);
  const leftOut = names.filter((name) => !known.has(name) && !/^[UB]\d/.test(name));
  return { tool: "flyway", files: [...versioned, ...repeatable], leftOut };
}

/** Some tools run files of SQL and programs by turns. A file of a program's own name holds statements for it. */
function filesBesidePrograms(folder: Folder, names: readonly string[]): Files {
  const stem = (name: string) => name.slice(0, name.indexOf("."));
  const programs = folder.entries
    .filter((entry) => entry.isFile() && /^\d+[^.]*\.[cm]?[jt]s$/.test(entry.name))
    .map(({ name }) => name);
  const stems = new Set(programs.map(stem));
  const own = names.filter((name) => !stems.has(stem(name)));
  if (own.length === 0 && names.length > 0)
    throw emptyFolder(
      folder,
      "files of SQL that are migrations",
      "each of its files of SQL has a program of its name beside it",
    );
  return { ...numberedFiles(own), programs };
}

/** By the number in front; by name where two have the same. */
function numberedFiles(names: readonly string[]): Files {
  const numbers = new Map(names.map((name) => [name, /^\d+/.exec(name)?.[0].replace(/^0+/, "")]));
  const files = names.filter((name) => numbers.get(name) !== undefined);
  files.sort((a, b) => {
    const [one, other] = [numbers.get(a)!, numbers.get(b)!];
    if (one.length !== other.length) return one.length - other.length;
    return one < other || (one === other && a < b) ? -1 : 1;
  });
  const leftOut = names.filter((name) => numbers.get(name) === undefined);
  return { tool: undefined, files, leftOut };
}

/** Numbers of any length, compared piece by piece. */
function byNumbers(one: readonly string[], other: readonly string[]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const difference = BigInt(one[at] ?? "0") - BigInt(other[at] ?? "0");
    if (difference !== 0n) return difference < 0n ? -1 : 1;
  }
  return 0;
}

interface Read {
  readonly migration: Migration;
  /** The tool whose marks cut the file. */
  readonly cutBy: string | undefined;
}

/** Reads what lies beside the files of a folder, where its listing shows that it is there. */
function besideIn({ path: folder, entries }: Folder): (path: string) => string | undefined {
  const names = new Set(entries.map(({ name }) => name));
  return (path) =>
    dirname(path) === folder && !names.has(basename(path)) ? undefined : textOf(path);
}

function readOne(folder: Folder, name: string, beside: typeof textOf): Read {
  const path = join(folder.path, name);
  const file = shownIn(folder, name);
  const { sql, checksum } = readSqlFile(path, file);
  const cutBy = sectionIn(sql)?.tool;
  const looked = lookAt(sql, path, cutBy, beside);
  const id = /\/(?:migration|up)\.sql$/.test(name)
    ? dirname(name)
    : name.replace(/(\.up)?\.sql$/i, "");
  return {
    migration: { ...looked, id, file, checksum },
    cutBy,
  };
}

type Looked = Pick<Migration, "sql" | "sends" | "transaction" | "native">;

/** What of a migration hangs on its text and the files beside it, for a loose file. */
export function toLookAt(sql: string, path: string): Looked {
  return lookAt(sql, path, sectionIn(sql)?.tool, textOf);
}

/**
 * The same for a file whose marks are known.
 * @param beside gives the text of a file beside it, undefined when there is none
 */
function lookAt(
  sql: string,
  path: string,
  cutBy: string | undefined,
  beside: (path: string) => string | undefined,
): Looked {
  const sends = askedSending(sql, path, beside);
  return {
    sql: upPart(withoutRestrict(sql), cutBy),
    transaction: "file",
    ...(sends === undefined ? {} : sentAs(sends)),
    native: {},
  };
}

function shownIn(folder: Folder, name: string): string {
  return folder.shown === "." ? name : `${folder.shown}/${name}`;
}

/**
 * Lines that pg_dump writes for psql alone since August 2025 (`\restrict KEY`, CVE-2025-8714) are blanked, so that a dump of
 * a schema can be read.
 */
function withoutRestrict(sql: string): string {
  if (!sql.includes("\\restrict") && !sql.includes("\\unrestrict")) return sql;
  return sql.replaceAll(/^\\(?:un)?restrict [A-Za-z0-9]+[ \t]*$/gm, (line) =>
    " ".repeat(line.length),
  );
}

/** Prisma's lock file names the database, and so does Drizzle's journal. */
function requirePostgres(folder: Folder): void {
  const named = [
    { file: "migration_lock.toml", name: /^\s*provider\s*=\s*"(.*?)"/m },
    { file: "meta/_journal.json", name: /"dialect"\s*:\s*"(.*?)"/ },
  ];
  for (const { file, name } of named) {
    const found = name.exec(textOf(join(folder.path, file)) ?? "")?.[1];
    if (found === undefined || /^(?:pg|postgres(?:ql)?)$/.test(found)) continue;
    throw new LockstepError("migration-unsupported", {
      what: `${folder.shown} is for another database`,
      expected: "migrations of PostgreSQL",
      found,
      from: `${folder.shown}/${file}`,
      next: ["name a folder of PostgreSQL's: --folder"],
    });
  }
}
