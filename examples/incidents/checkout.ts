/** The team's checkout: the shop's schema and migrations as one team sees them, and the tools on its PATH. */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { built, incidents, root, storefront } from "./places.ts";

interface Journal {
  readonly entries: readonly { readonly tag: string }[];
}

/** Copies the folder of migrations with only the first `count` of them. */
export function copyMigrations(to: string, count: number): void {
  cpSync(join(storefront, "migrations"), to, { recursive: true });
  const file = join(to, "meta", "_journal.json");
  const journal = JSON.parse(readFileSync(file, "utf8")) as Journal;
  writeFileSync(
    file,
    JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }, null, 2),
  );
  for (const { tag } of journal.entries.slice(count)) {
    rmSync(join(to, `${tag}.sql`));
    rmSync(join(to, "meta", `${tag.slice(0, 4)}_snapshot.json`));
  }
}

/** How many migrations the storefront has. */
export function countMigrations(): number {
  const file = join(storefront, "migrations", "meta", "_journal.json");
  return (JSON.parse(readFileSync(file, "utf8")) as Journal).entries.length;
}

interface WholeJournal {
  readonly entries: readonly {
    readonly idx: number;
    readonly when: number;
    readonly tag: string;
  }[];
}

/** Writes the migration after the last one, with its entry in Drizzle Kit's journal; the function takes both back. */
export function writeMigration(folder: string, name: string, sql: string): () => void {
  const journalFile = join(folder, "meta", "_journal.json");
  const before = readFileSync(journalFile, "utf8");
  const journal = JSON.parse(before) as WholeJournal;
  const last = journal.entries.at(-1);
  if (!last) throw new Error(`${folder} has no migrations`);
  const idx = last.idx + 1;
  const tag = `${String(idx).padStart(4, "0")}_${name}`;
  const sqlFile = join(folder, `${tag}.sql`);
  const entries = [...journal.entries, { ...last, idx, when: last.when + 1_000, tag }];
  writeFileSync(sqlFile, sql);
  writeFileSync(journalFile, JSON.stringify({ ...journal, entries }, null, 2));
  return () => {
    rmSync(sqlFile);
    writeFileSync(journalFile, before);
  };
}

/** Lays out a checkout with the first `written` migrations. */
export function layOut(folder: string, written: number): void {
  mkdirSync(folder, { recursive: true });
  copyMigrations(join(folder, "migrations"), written);
  cpSync(join(storefront, "schema"), join(folder, "schema"), { recursive: true });
  // Release 3 of a replay reads what release 1 read.
  copyFileSync(join(storefront, "schema", "v1.ts"), join(folder, "schema", "v3.ts"));
  copyFileSync(join(storefront, "drizzle.config.ts"), join(folder, "drizzle.config.ts"));
  writeFileSync(
    join(folder, "package.json"),
    '{ "name": "shop", "private": true, "type": "module" }\n',
  );
  copyFileSync(join(incidents, "lockstep.config.mjs"), join(folder, "lockstep.config.mjs"));
  symlinkSync(storefront, join(folder, "shop"), "dir");
  const modules = join(folder, "node_modules");
  mkdirSync(modules);
  symlinkSync(root, join(modules, "lockstep"), "dir");
  for (const name of ["drizzle-kit", "drizzle-orm", "pg"])
    symlinkSync(join(root, "node_modules", name), join(modules, name), "dir");
}

/** Puts the commands of the pipelines into a folder for the PATH. */
export function writeCommands(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const programs = {
    hosting: join(built, "incidents", "hosting.js"),
    migrate: join(built, "incidents", "migrate-with-lock.js"),
    "drizzle-kit": join(root, "node_modules", "drizzle-kit", "bin.cjs"),
    lockstep: join(root, "bin", "lockstep.js"),
  };
  for (const [name, program] of Object.entries(programs)) {
    const file = join(folder, name);
    const line = `${quoted(process.execPath)} ${quoted(program)} "$@"`;
    // Drizzle Kit does not end its last line.
    const run = name === "drizzle-kit" ? `${line}\ncode=$?\necho\nexit $code` : `exec ${line}`;
    writeFileSync(file, `#!/bin/sh\n${run}\n`);
    chmodSync(file, 0o755);
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
