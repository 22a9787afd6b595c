import { join } from "node:path";
import { readdirSync } from "node:fs";
import { LockstepError } from "../errors/index.ts";
import { withoutBreakpoints } from "./drizzle-breakpoints.ts";
import { drizzleLedger } from "./drizzle-ledger.ts";
import type { Folder } from "./folder.ts";
import type { LedgerPlace } from "./ledger-table.ts";
import type { Migration, MigrationFolder } from "./migration.ts";
import { readSqlFile, requireRegularFile } from "./sql-file.ts";

/**
 * Drizzle Kit's folder from 1.0 (release candidates): a folder `YYYYMMDDHHMMSS_slug` with `migration.sql` for each
 * migration, run in the order of their names; what the ledger does not name is pending.
 *
 * @throws LockstepError `migration-unsupported` for a name without a time, `journal-invalid` for SQL beside the folders,
 * and what `readSqlFile` throws
 */
export async function readDrizzleFolders(
  folder: Folder,
  place: LedgerPlace,
): Promise<MigrationFolder> {
  const stray = folder.entries.find(({ name }) => /^[^.].*\.sql$/i.test(name));
  if (stray !== undefined)
    throw new LockstepError("journal-invalid", {
      what: `${folder.shown}/${stray.name} is in no migration's folder`,
      expected: "YYYYMMDDHHMMSS_name/migration.sql for each migration",
      found: `${stray.name} beside the folders`,
      from: `${folder.shown}/${stray.name}`,
      why: "Drizzle Kit 1.0 passes over files beside the folders without a word; older ones are converted by `drizzle-kit up`",
      next: [
        "npx drizzle-kit up, when the file is from an older Drizzle Kit",
        "a file that is not to be run: move it out of the folder",
      ],
    });
  // Drizzle sorts by localeCompare; on names that begin with 14 digits it differs from byte order only among
  // migrations of the same second.
  const names = folder.entries.map(({ name }) => name).sort((a, b) => a.localeCompare(b));
  const migrations: Migration[] = [];
  for (const name of names) {
    const migration = await readOne(name, folder);
    if (migration !== undefined) migrations.push(migration);
  }
  return {
    tool: "drizzle",
    path: folder.shown,
    source: `drizzle:${folder.shown}`,
    migrations,
    ledger: drizzleLedger({ layout: "folders", place, migrations }),
  };
}

async function readOne(name: string, folder: Folder): Promise<Migration | undefined> {
  const inside = join(folder.path, name);
  const entry = entriesOf(inside).find((each) => each.name === "migration.sql");
  if (entry === undefined) return undefined;
  const file = `${folder.shown}/${name}/migration.sql`;
  const path = join(inside, "migration.sql");
  requireRegularFile(entry, path, file);
  const { sql, checksum } = readSqlFile(path, file);
  return {
    id: name,
    file,
    sql: await withoutBreakpoints(sql, file),
    checksum,
    transaction: "file",
    native: { when: timeOf(name, folder) },
  };
}

function entriesOf(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    // A file, or a folder that is closed to us: Drizzle sees no migration.sql there either.
    return [];
  }
}

/** The time in a folder's name as Drizzle records it: UTC, whole seconds, in ms. */
function timeOf(name: string, folder: Folder): number {
  const digits = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})/.exec(name)?.slice(1).map(Number);
  if (digits !== undefined) {
    const [year, month, day, hour, minute, second] = digits as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }
  throw new LockstepError("migration-unsupported", {
    what: `${folder.shown}/${name} has no time in front of its name`,
    expected: "20260102030405_name, as Drizzle Kit names the folder",
    found: name,
    from: `${folder.shown}/${name}/migration.sql`,
    why: "Drizzle records the time from the name; without it, it cannot record the migration",
    next: [
      "npx drizzle-kit generate --custom makes a folder with the right name; move the SQL there",
    ],
  });
}
