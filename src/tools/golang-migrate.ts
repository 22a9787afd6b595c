import type { Folder } from "./folder.ts";
import { createOnceSql, ledgerOnPath, readLedgerTable, type LedgerPlace } from "./ledger-table.ts";
import type { AppliedMigration, Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import { byVersion, readVersioned, versionedFiles, versionOf } from "./versioned-files.ts";

/**
 * A folder of golang-migrate's: `1_name.up.sql` by number, `1_name.down.sql` beside it. Each file is sent as one query.
 * The ledger is a position and no list, so golang-migrate never runs a file that was merged behind it.
 *
 * @throws LockstepError what `versionedFiles` and `readSqlFile` throw
 */
export function readGolangMigrateFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  const files = versionedFiles(folder, {
    owner: "golang-migrate",
    run: /^(?<version>\d+)_(?<description>.*)\.up\.sql$/,
    versions: "number",
    back: /^\d+_.*\.down\.sql$/,
    example: "000001_add_users.up.sql",
  });
  const migrations = files.map((file) => readVersioned(folder, file));
  return {
    tool: "golang-migrate",
    path: folder.shown,
    source: `golang-migrate:${folder.shown}`,
    migrations,
    ledger: golangMigrateLedger(place, migrations),
  };
}

interface LedgerRow extends Record<string, unknown> {
  /** bigint, so a text. */
  readonly version: string;
  readonly dirty: boolean;
}

/**
 * golang-migrate's ledger: one row with the version that was reached last. It is written as dirty before a file is sent
 * and as clean after it; a dirty one stops every command until `migrate force`.
 */
function golangMigrateLedger(place: LedgerPlace, all: readonly Migration[]): NativeLedger {
  const ledger = ledgerOnPath(place, {
    owner: "golang-migrate",
    table: "schema_migrations",
    columns: ["version", "dirty"],
  });
  const { name, schema, table } = ledger;
  // A migration that is run behind the position, as somebody allowed, must not put it back.
  const move = (version: string, dirty: boolean) => [
    `DELETE FROM ${name} WHERE version <= ${version}`,
    `INSERT INTO ${name} (version, dirty) SELECT ${version}, ${dirty} WHERE NOT EXISTS (SELECT FROM ${name})`,
  ];
  return {
    schema,
    table,
    createSql: createOnceSql(
      name,
      `CREATE TABLE ${name} (version bigint not null primary key, dirty boolean not null)`,
    ),
    async read(database, migrations) {
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () => `SELECT version, dirty FROM ${name} ORDER BY version DESC LIMIT 1`,
      );
      const row = rows?.[0];
      return row === undefined ? [] : rowsUpTo(row, migrations);
    },
    beginSql: (migration) => move(versionOf(migration), true),
    recordSql: (migration) => move(versionOf(migration), false),
    eraseSql(migration) {
      const version = versionOf(migration);
      const before = all[all.findIndex(({ id }) => id === migration.id) - 1];
      const gone = `DELETE FROM ${name} WHERE version = ${version}`;
      if (before === undefined) return [gone];
      const back = versionOf(before);
      return [
        gone,
        `INSERT INTO ${name} (version, dirty) SELECT ${back}, false WHERE NOT EXISTS (SELECT FROM ${name})`,
      ];
    },
  };
}

/** What a position says of each migration. */
function rowsUpTo(
  { version, dirty }: LedgerRow,
  migrations: readonly Migration[],
): readonly AppliedMigration[] {
  const row = { appliedAt: undefined, checksum: undefined, isEdited: false } as const;
  const passed = migrations
    .filter((migration) => BigInt(versionOf(migration)) < BigInt(version))
    .map(({ id }): AppliedMigration => ({ ...row, id, label: id, isPassed: true }));
  const reached = {
    ...row,
    id: byVersion(migrations).get(version)?.id,
    label: `version ${version}`,
  };
  if (!dirty) return [...passed, reached];
  return [
    ...passed,
    {
      ...reached,
      unfinished: {
        found: `version ${version}, dirty`,
        effect: "golang-migrate itself refuses every command until `migrate force`",
        reason: undefined,
      },
    },
  ];
}
