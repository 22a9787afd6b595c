import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { withoutBreakpoints } from "./drizzle-breakpoints.ts";
import { readJournal, type JournalEntry } from "./drizzle-journal.ts";
import { drizzleLedger } from "./drizzle-ledger.ts";
import { emptyFolder, type Folder } from "./folder.ts";
import type { LedgerPlace } from "./ledger-table.ts";
import type { Migration, MigrationFolder } from "./migration.ts";
import { nextMark } from "./next/next-text.ts";
import { readSqlFile, requireRegularFile } from "./sql-file.ts";
import { textOf } from "./tool-of.ts";

/**
 * Drizzle Kit's folder up to 0.31: `meta/_journal.json` says which `NNNN_slug.sql` are run and in which order. Drizzle
 * applies an entry when its `when` is later than that of the newest row of its ledger, and passes over all others
 * without a word; so a journal whose `when` does not rise is refused.
 *
 * @throws LockstepError `folder-empty`, `journal-invalid`, `journal-order`, `migration-missing`,
 * `migration-duplicate-id`, and what `readSqlFile` throws
 * @param report takes what keeps Drizzle from running a migration that is there; it is thrown when left away
 */
export async function readDrizzleJournal(
  folder: Folder,
  place: LedgerPlace,
  report: (problem: LockstepError) => void = raise,
): Promise<MigrationFolder> {
  const journal = readJournal(folder);
  const strays = folder.entries.filter(
    ({ name }) => /^[^.].*\.sql$/i.test(name) && !journal.some(({ tag }) => `${tag}.sql` === name),
  );
  if (strays.length > 0)
    report(
      notInJournal(
        strays.map(({ name }) => name),
        folder,
      ),
    );
  if (journal.length === 0)
    throw emptyFolder(
      folder,
      "at least one entry in meta/_journal.json",
      "nothing was generated yet: Drizzle Kit makes the first migration",
    );
  requireRisingWhen(journal, folder, report);
  const migrations: Migration[] = [];
  for (const entry of journal) migrations.push(await readEntry(entry, folder));
  return {
    tool: "drizzle",
    path: folder.shown,
    source: `drizzle:${folder.shown}`,
    migrations,
    ledger: drizzleLedger({ layout: "journal", place, migrations }),
  };
}

async function readEntry(
  { tag, when, idx, line }: JournalEntry,
  folder: Folder,
): Promise<Migration> {
  const name = `${tag}.sql`;
  const file = `${folder.shown}/${name}`;
  const found = folder.entries.find((entry) => entry.name === name);
  if (found === undefined)
    throw new LockstepError("migration-missing", {
      what: `${file} is in the journal but not in the folder`,
      expected: `the file of the journal's entry "${tag}"`,
      found: "no such file",
      from: `${folder.shown}/meta/_journal.json:${line}`,
      why: "the file was deleted, renamed or not committed, or not copied into the image",
      next: [
        `git log --diff-filter=D -- ${file}, and bring it back`,
        "a migration that no environment has applied: npx drizzle-kit drop takes file and entry out together",
      ],
    });
  const path = join(folder.path, name);
  requireRegularFile(found, path, file);
  const { sql, checksum } = readSqlFile(path, file);
  return {
    id: tag,
    file,
    sql: await withoutBreakpoints(sql, file),
    checksum,
    transaction: "file",
    native: { idx, when },
  };
}

function raise(problem: LockstepError): never {
  throw problem;
}

function requireRisingWhen(
  journal: readonly JournalEntry[],
  folder: Folder,
  report: (problem: LockstepError) => void,
): void {
  let newest = journal[0]!;
  for (const entry of journal.slice(1)) {
    if (entry.when > newest.when) {
      newest = entry;
      continue;
    }
    report(
      new LockstepError("journal-order", {
        what: `the journal puts ${entry.tag} after ${newest.tag}, but its \`when\` is not later`,
        expected: `a \`when\` above ${newest.when} (${newest.tag})`,
        found: `"when": ${entry.when} (${entry.tag})`,
        from: `${folder.shown}/meta/_journal.json:${entry.line}`,
        why:
          `drizzle-kit migrate skips every entry that is not later than the newest one applied, prints success and exits 0: ` +
          `a database that has ${newest.tag} would never get ${entry.tag}. Two branches that were merged leave such a journal`,
        next: [
          `if no database has applied ${entry.tag}: set its "when" to ${newest.when + 1}`,
          "if one has, its ledger row must get the same number as created_at, or Drizzle would run the file again there",
        ],
      }),
    );
  }
}

function notInJournal(names: readonly string[], folder: Folder): LockstepError {
  const first = `${folder.shown}/${names[0]}`;
  const isOurs = textOf(join(folder.path, names[0]!))?.includes(nextMark) === true;
  return new LockstepError("journal-invalid", {
    what:
      names.length === 1
        ? `${first} is not in Drizzle's journal`
        : `${names.length} files of ${folder.shown} are not in Drizzle's journal`,
    expected: "an entry in meta/_journal.json for each file of SQL",
    found: `no entry for ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`,
    from: `${folder.shown}/meta/_journal.json`,
    why: "Drizzle runs only what the journal lists and passes over the rest without a word; a merge that kept one side of the journal leaves such a file, and so does one written by hand",
    next: [
      ...(isOurs
        ? [
            `${first} was begun by lockstep baseline --write-migration, which was cut off: the same again begins anew`,
          ]
        : []),
      "bring the journal's lost entry back from the other branch: git log -p -- " +
        `${folder.shown}/meta/_journal.json`,
      "for SQL written by hand: npx drizzle-kit generate --custom, and move it into that file",
      "a file that is not to be run: move it out of the folder",
    ],
  });
}
