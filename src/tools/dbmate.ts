import { LockstepError } from "../errors/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import type { Folder } from "./folder.ts";
import { createOnceSql, ledgerOnPath, readLedgerTable, type LedgerPlace } from "./ledger-table.ts";
import type { Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import { askedOf } from "./senders.ts";
import { keepOnly } from "./up-part.ts";
import {
  byVersion,
  readVersioned,
  rowOfVersion,
  versionedFiles,
  versionOf,
} from "./versioned-files.ts";

/**
 * A folder of dbmate's: `20260102030405_name.sql` with `-- migrate:up` and `-- migrate:down` in it, in the order of their
 * names. An up section is one transaction; with `transaction:false` behind its mark it is sent as one query.
 *
 * @throws LockstepError what `versionedFiles` and `readSqlFile` throw, and `migration-unsupported` for a file that dbmate
 * itself refuses
 */
export function readDbmateFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  const files = versionedFiles(folder, {
    owner: "dbmate",
    run: /^(?<version>\d+)(?<description>.*)\.sql$/,
    versions: "text",
    back: /^$/,
    example: "20260102030405_add_users.sql",
  });
  return {
    tool: "dbmate",
    path: folder.shown,
    source: `dbmate:${folder.shown}`,
    migrations: files.map((one) => readVersioned(folder, one, ({ sql }, file) => cut(sql, file))),
    ledger: dbmateLedger(place),
  };
}

/** dbmate's own expressions for the marks that cut a file. */
const upMark = /^--\s*migrate:up(?:\s*$|\s+\S+)/gm;
const downMark = /^--\s*migrate:down(?:\s*$|\s+\S+)/m;

function cut(sql: string, file: string): Partial<Migration> {
  const [mark, second] = sql.matchAll(upMark);
  if (mark === undefined)
    throw refused(file, "no `-- migrate:up`", "dbmate runs nothing of a file without that mark");
  if (second !== undefined)
    throw refused(
      file,
      "several `-- migrate:up`",
      "dbmate records the version after each of them, which its ledger takes only once",
    );
  const before = sql.slice(0, mark.index).split("\n");
  if (before.some((line) => !/^\s*(?:--.*)?$/.test(line)))
    throw refused(file, "statements before `-- migrate:up`", "dbmate refuses such a file");
  const down = downMark.exec(sql)?.index ?? sql.length;
  if (down < mark.index)
    throw refused(file, "`-- migrate:down` before `-- migrate:up`", "dbmate refuses such a file");
  return { sql: keepOnly(sql, mark.index, down), ...askedOf("dbmate", sql) };
}

function refused(file: string, found: string, why: string): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `${file} is not a file that dbmate runs`,
    expected: "one `-- migrate:up` with the statements behind it, then `-- migrate:down`",
    found,
    from: file,
    why,
    next: ["mend the file, or split it in two", 'or say what it is: `migrations.tool: "sql"`'],
  });
}

interface LedgerRow extends Record<string, unknown> {
  readonly version: string;
}

/** dbmate's ledger: the versions that were applied, and nothing else. What failed leaves no trace in it. */
function dbmateLedger(place: LedgerPlace): NativeLedger {
  const ledger = ledgerOnPath(place, {
    owner: "dbmate",
    table: "schema_migrations",
    columns: ["version"],
    without: ["dirty", "inserted_at"],
  });
  const { name, schema, table } = ledger;
  return {
    schema,
    table,
    createSql: createOnceSql(name, `CREATE TABLE ${name} (version varchar primary key)`),
    async read(database, migrations) {
      const known = byVersion(migrations);
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () => `SELECT version FROM ${name} ORDER BY version`,
      );
      return (rows ?? []).map(({ version }) => rowOfVersion(known, version, undefined));
    },
    recordSql: (migration) => [
      `INSERT INTO ${name} (version) VALUES (${quoteLiteral(versionOf(migration))})`,
    ],
    eraseSql: (migration) => [
      `DELETE FROM ${name} WHERE version = ${quoteLiteral(versionOf(migration))}`,
    ],
  };
}
