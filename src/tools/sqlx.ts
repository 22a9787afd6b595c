import { hash } from "node:crypto";
import { quoteLiteral } from "../sql/index.ts";
import type { Folder } from "./folder.ts";
import { createOnceSql, ledgerOnPath, readLedgerTable, type LedgerPlace } from "./ledger-table.ts";
import type { AppliedMigration, Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import { askedOf } from "./senders.ts";
import {
  byVersion,
  readVersioned,
  rowOfVersion,
  versionedFiles,
  versionOf,
} from "./versioned-files.ts";

/**
 * A folder of sqlx's: `20260102030405_name.sql`, or `.up.sql` with `.down.sql` beside it, by number. A file is one
 * transaction with its record; one that begins with `-- no-transaction` is sent as one query.
 *
 * @throws LockstepError what `versionedFiles` and `readSqlFile` throw
 */
export function readSqlxFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  const files = versionedFiles(folder, {
    owner: "sqlx",
    run: /^(?<version>\d+)_(?<description>.*?)(?:\.up)?\.sql$/,
    versions: "number",
    back: /^\d+_.*\.down\.sql$/,
    example: "20260102030405_add_users.sql",
  });
  const migrations = files.map((one): Migration => {
    const migration = readVersioned(folder, one, ({ sql }) => askedOf("sqlx", sql));
    const description = one.description.replaceAll("_", " ");
    return { ...migration, native: { ...migration.native, description } };
  });
  return {
    tool: "sqlx",
    path: folder.shown,
    source: `sqlx:${folder.shown}`,
    migrations,
    ledger: sqlxLedger(place),
  };
}

interface LedgerRow extends Record<string, unknown> {
  /** bigint, so a text. */
  readonly version: string;
  readonly installed_on: Date;
  readonly success: boolean;
  readonly checksum: string;
}

/**
 * sqlx's ledger. It compares the checksum (sha384 of the text) of every row with the file before it runs anything, and
 * stops at a row whose `success` is false; since 0.6 it writes no such row itself, so that a file without transaction that
 * failed leaves no trace.
 */
function sqlxLedger(place: LedgerPlace): NativeLedger {
  const ledger = ledgerOnPath(place, {
    owner: "sqlx",
    table: "_sqlx_migrations",
    columns: ["version", "description", "installed_on", "success", "checksum", "execution_time"],
  });
  const { name, schema, table } = ledger;
  const insert = (migration: Migration, success: boolean) => {
    const values = [
      versionOf(migration),
      quoteLiteral(String(migration.native["description"])),
      String(success),
      `pg_catalog.decode('${checksumOf(migration)}', 'hex')`,
      // What sqlx itself writes with the migration; the time that it took comes later, if at all.
      "-1",
    ];
    return `INSERT INTO ${name} (version, description, success, checksum, execution_time) VALUES (${values.join(", ")})`;
  };
  const remove = (migration: Migration) =>
    `DELETE FROM ${name} WHERE version = ${versionOf(migration)}`;
  return {
    schema,
    table,
    createSql: createOnceSql(
      name,
      `CREATE TABLE ${name} (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
)`,
    ),
    async read(database, migrations) {
      const known = byVersion(migrations);
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () =>
          `SELECT version, installed_on, success, pg_catalog.encode(checksum, 'hex') AS checksum FROM ${name} ORDER BY version`,
      );
      return (rows ?? []).map((row) => rowOf(row, known));
    },
    beginSql: (migration) => [`${insert(migration, false)} ON CONFLICT (version) DO NOTHING`],
    recordSql: (migration) => [remove(migration), insert(migration, true)],
    eraseSql: (migration) => [remove(migration)],
  };
}

function rowOf(row: LedgerRow, known: ReadonlyMap<string, Migration>): AppliedMigration {
  const migration = known.get(row.version);
  const { checksum } = row;
  return {
    ...rowOfVersion(known, row.version, row.installed_on),
    checksum,
    isEdited: migration !== undefined && checksumOf(migration) !== checksum,
    ...(row.success
      ? {}
      : {
          unfinished: {
            found: `version ${row.version}, success false`,
            effect: "sqlx itself refuses to go on until the row is gone",
            reason: undefined,
          },
        }),
  };
}

function checksumOf({ sql }: Migration): string {
  return hash("sha384", sql);
}
