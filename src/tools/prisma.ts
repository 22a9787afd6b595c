import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LockstepError } from "../errors/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import { emptyFolder, type Folder } from "./folder.ts";
import { createOnceSql, ledgerOnPath, readLedgerTable, type LedgerPlace } from "./ledger-table.ts";
import type { AppliedMigration, Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import { readSqlFile } from "./sql-file.ts";

/** The file by which Prisma Migrate knows its folder. */
const lockFile = "migration_lock.toml";

/** True for a folder that Prisma Migrate has made. */
export function isPrismas({ path }: Folder): boolean {
  return existsSync(join(path, lockFile));
}

/**
 * Prisma Migrate's folder (Prisma 2 to 7): a folder with `migration.sql` for each migration, in the order of their names.
 * Files beside them are nothing to Prisma; a folder without `migration.sql` stops it (P3015).
 *
 * @throws LockstepError `folder-empty`, `migration-missing`, `migration-unsupported` for another database, and what
 * `readSqlFile` throws
 */
export function readPrismaFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  requirePostgres(folder);
  const names = folder.entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (names.length === 0)
    throw emptyFolder(
      folder,
      "a folder with migration.sql for each migration",
      "nothing was generated yet: `prisma migrate dev` makes the first migration",
    );
  // As the command line of Prisma sorts them.
  names.sort((a, b) => a.localeCompare(b));
  return {
    tool: "prisma",
    path: folder.shown,
    source: `prisma:${folder.shown}`,
    migrations: names.map((name) => readOne(name, folder)),
    ledger: prismaLedger(place),
  };
}

function readOne(name: string, folder: Folder): Migration {
  const file = `${folder.shown}/${name}/migration.sql`;
  const path = join(folder.path, name, "migration.sql");
  if (!existsSync(path))
    throw new LockstepError("migration-missing", {
      what: `${folder.shown}/${name} has no migration.sql`,
      expected: "one in each folder",
      found: "none",
      from: `${folder.shown}/${name}`,
      why: "a branch's folder was left behind without its file, or the file was not copied into the image; Prisma stops at it with P3015",
      next: [
        `git log --diff-filter=D -- ${file}, and bring it back`,
        `or remove the folder: rm -r ${folder.shown}/${name}`,
      ],
    });
  const { sql, checksum } = readSqlFile(path, file);
  return { id: name, file, sql, checksum, transaction: "file", native: {} };
}

function requirePostgres({ path, shown }: Folder): void {
  const file = join(path, lockFile);
  if (!existsSync(file)) return;
  const provider = /^\s*provider\s*=\s*"(.*?)"/m.exec(readFileSync(file, "utf8"))?.[1];
  if (provider === undefined || provider === "postgresql" || provider === "postgres") return;
  throw new LockstepError("migration-unsupported", {
    what: `${shown} is for another database`,
    expected: "migrations of PostgreSQL",
    found: provider,
    from: `${shown}/${lockFile}`,
    next: ["name a folder of PostgreSQL's: `migrations.folder` in lockstep.config, or --folder"],
  });
}

interface LedgerRow extends Record<string, unknown> {
  readonly checksum: string;
  readonly migration_name: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly applied_steps_count: number;
  readonly logs: string | null;
}

const columns = [
  "id",
  "checksum",
  "finished_at",
  "migration_name",
  "logs",
  "rolled_back_at",
  "started_at",
  "applied_steps_count",
];

/**
 * Prisma's own ledger, as its schema engine keeps it. A row is written before the file is sent and finished after it; one
 * that is neither finished nor rolled back stops `migrate deploy` (P3009). Rows that were rolled back stay, and count for
 * nothing.
 */
function prismaLedger(place: LedgerPlace): NativeLedger {
  const ledger = ledgerOnPath(place, { owner: "Prisma", table: "_prisma_migrations", columns });
  const { name, schema, table } = ledger;
  const open = ({ id }: Migration) =>
    `migration_name = ${quoteLiteral(id)} AND finished_at IS NULL AND rolled_back_at IS NULL`;
  const beginSql = (migration: Migration) =>
    `INSERT INTO ${name} (id, checksum, migration_name) SELECT pg_catalog.gen_random_uuid()::text, ${quoteLiteral(migration.checksum)}, ${quoteLiteral(migration.id)} WHERE NOT EXISTS (SELECT FROM ${name} WHERE ${open(migration)})`;
  const rollBackSql = (migration: Migration) =>
    `UPDATE ${name} SET rolled_back_at = pg_catalog.now() WHERE ${open(migration)}`;
  return {
    schema,
    table,
    createSql: createOnceSql(
      name,
      `CREATE TABLE ${name} (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`,
    ),
    async read(database, migrations) {
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () =>
          `SELECT checksum, migration_name, started_at, finished_at, applied_steps_count, logs FROM ${name} WHERE rolled_back_at IS NULL ORDER BY finished_at IS NULL, started_at`,
      );
      const known = new Map(migrations.map((migration) => [migration.id, migration]));
      return (rows ?? []).map((row) => rowOf(row, known.get(row.migration_name)));
    },
    beginSql: (migration) => [beginSql(migration)],
    recordSql: (migration, how) =>
      how === "run"
        ? [
            beginSql(migration),
            `UPDATE ${name} SET checksum = ${quoteLiteral(migration.checksum)}, finished_at = pg_catalog.now(), applied_steps_count = applied_steps_count + 1 WHERE ${open(migration)}`,
          ]
        : [
            // As `prisma migrate resolve --applied`.
            rollBackSql(migration),
            `INSERT INTO ${name} (id, checksum, migration_name, started_at, finished_at) VALUES (pg_catalog.gen_random_uuid()::text, ${quoteLiteral(migration.checksum)}, ${quoteLiteral(migration.id)}, pg_catalog.now(), pg_catalog.now())`,
          ],
    eraseSql: (migration) => [
      // As `prisma migrate resolve --rolled-back`; of a migration that is whole, the row itself goes.
      rollBackSql(migration),
      `DELETE FROM ${name} WHERE migration_name = ${quoteLiteral(migration.id)} AND rolled_back_at IS NULL`,
    ],
  };
}

function rowOf(row: LedgerRow, migration: Migration | undefined): AppliedMigration {
  const { migration_name: label, checksum, finished_at: finished, logs } = row;
  const applied = {
    id: migration?.id,
    label,
    appliedAt: finished ?? undefined,
    checksum,
    isEdited:
      migration !== undefined &&
      checksum !== migration.checksum &&
      !otherChecksums(migration).includes(checksum),
  };
  if (finished !== null) return applied;
  return {
    ...applied,
    unfinished: {
      found: `a row of ${row.started_at.toISOString()} without finished_at`,
      effect: "Prisma itself refuses to go on until it is resolved (P3009)",
      reason: firstLines(logs),
    },
  };
}

/** Of an error as Prisma logs it, what comes before the trace of its engine. */
function firstLines(logs: string | null): string | undefined {
  if (logs === null || logs === "") return undefined;
  const lines = logs.split("\n").map((line) => line.trim());
  const end = lines.findIndex((line) => /^\d+: /.test(line));
  return lines
    .slice(0, end === -1 ? lines.length : end)
    .filter((line) => line !== "")
    .join("\n");
}

/**
 * What else Prisma takes for the checksum of this file: that of the same lines with other ends, and each as early versions
 * wrote it, without the leading zero of a byte.
 */
function otherChecksums({ sql, checksum }: Migration): readonly string[] {
  const unix = sql.replaceAll("\r\n", "\n");
  const whole = [checksum, hash("sha256", unix), hash("sha256", unix.replaceAll("\n", "\r\n"))];
  return [...whole, ...whole.map((hex) => hex.replaceAll(/0(.)|(..)/g, "$1$2"))];
}
