import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import { emptyFolder, type Folder } from "./folder.ts";
import { createOnceSql, ledgerOnPath, readLedgerTable, type LedgerPlace } from "./ledger-table.ts";
import type { Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import { askedBeside } from "./senders.ts";
import { readSqlFile } from "./sql-file.ts";
import { textOf } from "./tool-of.ts";
import { byVersion, rowOfVersion, sameVersion, versionOf } from "./versioned-files.ts";

/** As `diesel setup` and `diesel migration generate` name folders; nobody else does. */
const ownName = /^(?:00000000000000_diesel_initial_setup$|\d{4}-\d\d-\d\d-\d{6}(?:-\d+)?_)/;

/**
 * True for a folder of `NAME/up.sql` that is Diesel's: by a name of its own in it, or by `diesel.toml` or a `Cargo.toml` that
 * names it, in the folder or above. Hasura's folders look the same.
 *
 * @param root the folder above which nothing is looked for
 */
export function isDiesels({ path, entries }: Folder, root: string): boolean {
  if (entries.some(({ name }) => ownName.test(name))) return true;
  for (let at = path; ; at = dirname(at)) {
    if (existsSync(join(at, "diesel.toml"))) return true;
    if (textOf(join(at, "Cargo.toml"))?.includes("diesel") === true) return true;
    if (at === root || dirname(at) === at) return false;
  }
}

/** Whose a folder of `NAME/up.sql` is: Hasura names its migrations by the milliseconds. */
export function toolOfUps(folder: Folder, root: string): "diesel" | "hasura" {
  const names = folder.entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const isHasuras = !isDiesels(folder, root) && names.every((name) => /^\d{13}_/.test(name));
  return isHasuras ? "hasura" : "diesel";
}

/** Diesel's version is what stands before the first underscore, without dashes: `2017-08-31-230457` is after `20170102131034`. */
export function dieselVersion(name: string): string {
  return name.split("_", 1)[0]!.replaceAll("-", "");
}

/** By version, character by character. */
export function byDieselVersion(a: string, b: string): number {
  const [one, other] = [dieselVersion(a), dieselVersion(b)];
  if (one === other) return a < b ? -1 : 1;
  return one < other ? -1 : 1;
}

/**
 * Diesel's folder (1 and 2): a folder with `up.sql` for each migration, by version. Files beside them and empty folders are
 * nothing to Diesel; any other folder stops it. A file is one transaction with its record; with
 * `run_in_transaction = false` in `metadata.toml` it is sent as one query.
 *
 * @throws LockstepError `folder-empty`, `migration-missing`, `migration-duplicate-id`, `migration-unsupported` for what Diesel
 * itself refuses and for a `metadata.toml` that is not certain, and what `readSqlFile` throws
 */
export function readDieselFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  const names = folder.entries
    .filter((entry) => !entry.isFile() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(folder.path, name)).length > 0)
    .sort(byDieselVersion);
  if (names.length === 0)
    throw emptyFolder(
      folder,
      "a folder with up.sql for each migration",
      "nothing was generated yet: `diesel migration generate NAME` makes the first migration",
    );
  for (const [index, name] of names.entries()) {
    const before = names[index - 1];
    if (before !== undefined && dieselVersion(before) === dieselVersion(name))
      throw sameVersion(folder, before, name, "Diesel");
  }
  return {
    tool: "diesel",
    path: folder.shown,
    source: `diesel:${folder.shown}`,
    migrations: names.map((name) => readOne(name, folder)),
    ledger: dieselLedger(place),
  };
}

/** The ledger's column is a varchar(50). */
const longest = 50;

function readOne(name: string, folder: Folder): Migration {
  const file = `${folder.shown}/${name}/up.sql`;
  const path = join(folder.path, name, "up.sql");
  const version = dieselVersion(name);
  if (!existsSync(path))
    throw new LockstepError("migration-missing", {
      what: `${folder.shown}/${name} has no up.sql`,
      expected: "one in each folder",
      found: "none",
      from: `${folder.shown}/${name}`,
      why: "the file was not copied into the image, or the folder is no migration; Diesel stops at it",
      next: [
        `git log --diff-filter=D -- ${file}, and bring it back`,
        `or move the folder out of ${folder.shown}`,
      ],
    });
  if (version.length > longest)
    throw refused(`${folder.shown}/${name}`, {
      expected: `at most ${longest} characters before the first underscore`,
      found: version,
      why: "that is the version, and Diesel's ledger has no room for a longer one",
      next: "rename the folder",
    });
  const { sql, checksum } = readSqlFile(path, file);
  if (sql === "")
    throw refused(file, {
      expected: "statements",
      found: "an empty file",
      why: "Diesel refuses to run an empty file",
      next: "write the migration, or SELECT 1; where nothing is to be done",
    });
  requireCertain(join(folder.path, name, "metadata.toml"), `${folder.shown}/${name}/metadata.toml`);
  const asked = askedBeside("diesel", path, textOf);
  return { id: name, file, sql, checksum, transaction: "file", ...asked, native: { version } };
}

/** Diesel takes what is no TOML for nothing said, and a file without the key for `false`. */
function requireCertain(path: string, shown: string): void {
  const lines = (textOf(path) ?? "").split("\n").map((line) => line.trim());
  const other = lines.find(
    (line) =>
      line !== "" && !/^(?:run_in_transaction\s*=\s*(?:true|false)\s*)?(?:#.*)?$/.test(line),
  );
  if (other === undefined) return;
  throw refused(shown, {
    expected: "run_in_transaction = true, or run_in_transaction = false",
    found: other,
    why: "how Diesel sends the file hangs on what else stands here",
    next: "take the line out: Diesel knows no other key",
  });
}

function refused(
  file: string,
  told: Record<"expected" | "found" | "why" | "next", string>,
): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `${file} cannot be read as Diesel reads it`,
    from: file,
    ...told,
    next: [told.next],
  });
}

interface LedgerRow extends Record<string, unknown> {
  readonly version: string;
  readonly at: Date;
}

/** Diesel's ledger: a row for each version. A migration that is taken back loses its row. Diesel's sessions are in UTC. */
function dieselLedger(place: LedgerPlace): NativeLedger {
  const ledger = ledgerOnPath(place, {
    owner: "Diesel",
    table: "__diesel_schema_migrations",
    columns: ["version", "run_on"],
  });
  const { name, schema, table } = ledger;
  return {
    schema,
    table,
    createSql: createOnceSql(
      name,
      `CREATE TABLE ${name} (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)`,
    ),
    async read(database, migrations) {
      const known = byVersion(migrations);
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () =>
          `SELECT version, run_on AT TIME ZONE 'UTC' AS at FROM ${name} ORDER BY version COLLATE "C"`,
      );
      return (rows ?? []).map(({ version, at }) => rowOfVersion(known, version, at));
    },
    recordSql: (migration) => [
      `INSERT INTO ${name} (version, run_on) VALUES (${quoteLiteral(versionOf(migration))}, pg_catalog.now() AT TIME ZONE 'UTC')`,
    ],
    eraseSql: (migration) => [
      `DELETE FROM ${name} WHERE version = ${quoteLiteral(versionOf(migration))}`,
    ],
  };
}
