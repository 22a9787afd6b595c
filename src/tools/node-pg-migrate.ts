import type { Dirent } from "node:fs";
import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { quoteLiteral, quoteQualified } from "../sql/index.ts";
import { emptyFolder, type Folder } from "./folder.ts";
import {
  createOnceSql,
  readLedgerTable,
  type LedgerPlace,
  type LedgerTable,
} from "./ledger-table.ts";
import type { Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import { readSqlFile, requireRegularFile } from "./sql-file.ts";
import { keepOnly } from "./up-part.ts";

/** A migration of node-pg-migrate's that is a program. */
export const nodePgMigrateCode = /\.[cm]?[jt]s$/;

/**
 * A folder of node-pg-migrate's whose files are all SQL: `1700000000000_name.sql` by the number in front, with
 * `-- Up Migration` and `-- Down Migration` in it. All that is pending is one transaction there.
 *
 * @throws LockstepError `folder-empty`, `migration-unsupported` for files that node-pg-migrate stops at or
 * would run in both directions, and what `readSqlFile` throws
 */
export function readNodePgMigrateFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  // Whatever is a file and does not begin with a dot is a migration to it.
  const files = folder.entries.filter(
    (entry) => !entry.isDirectory() && !entry.name.startsWith("."),
  );
  if (files.length === 0)
    throw emptyFolder(
      folder,
      "files of SQL with a number in front, e.g. 1700000000000_add-users.sql",
      "another folder was meant, or the files were not copied into the image",
    );
  for (const { name } of files) requireName(name, folder);
  files.sort((a, b) => byPrefix(a.name, b.name));
  return {
    tool: "node-pg-migrate",
    path: folder.shown,
    source: `node-pg-migrate:${folder.shown}`,
    migrations: files.map((entry) => readOne(entry, folder)),
    ledger: nodePgMigrateLedger(place),
  };
}

function requireName(name: string, { shown }: Folder): void {
  const refuse = (expected: string, why: string, next: string) =>
    new LockstepError("migration-unsupported", {
      what: `${shown}/${name} cannot be read as node-pg-migrate reads it`,
      expected,
      found: name,
      from: `${shown}/${name}`,
      why,
      next: [next],
    });
  if (!/^\d+.*\.sql$/.test(name))
    throw refuse(
      "1700000000000_add-users.sql",
      "node-pg-migrate takes every file of its folder for a migration, and stops at one that has no number in front or that it cannot load",
      "rename it, or move it out of the migrations folder",
    );
  if (/\.(?:up|down)\.sql$/.test(name))
    throw refuse(
      "one file for each migration, cut by `-- Up Migration` and `-- Down Migration`",
      "unless its loader is configured for pairs, node-pg-migrate runs the way back as a migration too",
      "put both ways into one file",
    );
}

/** As node-pg-migrate sorts them. */
export function byPrefix(a: string, b: string): number {
  return (
    timeOf(a) - timeOf(b) ||
    a.localeCompare(b, undefined, {
      usage: "sort",
      numeric: true,
      sensitivity: "variant",
      ignorePunctuation: true,
    })
  );
}

/** The number in front; one of 17 digits is a time in UTC, in ms. */
function timeOf(name: string): number {
  const digits = /^\d+/.exec(name)![0];
  if (digits.length !== 17) return Number(digits);
  const iso = digits.replace(
    /(....)(..)(..)(..)(..)(..)(...)/,
    (_, year, month, day, hour, minute, second, ms) =>
      `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`,
  );
  return new Date(iso).valueOf();
}

const upMark = /^\s*--[\s-]*up\s+migration/im;
const downMark = /^\s*--[\s-]*down\s+migration/im;

function readOne(entry: Dirent, folder: Folder): Migration {
  const path = join(folder.path, entry.name);
  const file = `${folder.shown}/${entry.name}`;
  requireRegularFile(entry, path, file);
  const { sql, checksum } = readSqlFile(path, file);
  const up = sql.search(upMark);
  const down = sql.search(downMark);
  if (up === -1 && down !== -1)
    throw new LockstepError("migration-unsupported", {
      what: `${file} has a way back and no way forth`,
      expected: "`-- Up Migration` before the statements of the way forth",
      found: "`-- Down Migration` alone",
      from: file,
      why: "node-pg-migrate then runs the whole file forth: what it made is taken back at once",
      next: ["write `-- Up Migration` at its beginning"],
    });
  return {
    id: entry.name.replace(/\.sql$/, ""),
    file,
    sql: up === -1 ? sql : keepOnly(sql, up, down > up ? down : sql.length),
    checksum,
    transaction: "file",
    native: {},
  };
}

interface LedgerRow extends Record<string, unknown> {
  readonly name: string;
  readonly at: Date;
}

/** node-pg-migrate's ledger: names in the order in which they were run. What failed leaves no trace in it. */
export function nodePgMigrateLedger(place: LedgerPlace): NativeLedger {
  const { schema = "public", table = "pgmigrations" } = place;
  const name = quoteQualified(schema, table);
  const ledger: LedgerTable = {
    owner: "node-pg-migrate",
    schema,
    table,
    columns: ["id", "name", "run_on"],
    placedBy:
      "`--migrations-schema` and `--migrations-table`, or `migrations.ledger` of lockstep.config",
    followsPath: false,
  };
  return {
    schema,
    table,
    createSql: createOnceSql(
      name,
      `CREATE TABLE ${name} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)`,
    ),
    async read(database, migrations) {
      const known = new Map(migrations.map((migration) => [migration.id, migration]));
      // run_on is without time zone, in that of the tool's session; this session's is the best that is known of it.
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () => `SELECT name, run_on::timestamptz AS at FROM ${name} ORDER BY run_on, id`,
      );
      return (rows ?? []).map((row) => ({
        id: known.get(row.name)?.id,
        label: row.name,
        appliedAt: row.at,
        checksum: undefined,
        isEdited: false,
      }));
    },
    recordSql: ({ id }) => [
      `INSERT INTO ${name} (name, run_on) VALUES (${quoteLiteral(id)}, NOW())`,
    ],
    eraseSql: ({ id }) => [`DELETE FROM ${name} WHERE name = ${quoteLiteral(id)}`],
  };
}
