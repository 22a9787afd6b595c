import {
  loadedParser,
  loadParser,
  parseLoaded,
  quoteLiteral,
  quoteQualified,
} from "../sql/index.ts";
import type { Folder } from "./folder.ts";
import { createOnceSql, ledgerAt, readLedgerTable, type LedgerPlace } from "./ledger-table.ts";
import type { Migration, MigrationFolder, NativeLedger } from "./migration.ts";
import {
  byVersion,
  readVersioned,
  rowOfVersion,
  versionedFiles,
  versionOf,
} from "./versioned-files.ts";

/**
 * A folder of Supabase's command line: `20260102030405_name.sql` in the order of their names. A file is one transaction;
 * what cannot run in one is sent apart.
 *
 * @throws LockstepError what `versionedFiles`, `readSqlFile` and `ledgerAt` throw
 */
export function readSupabaseFolder(folder: Folder, place: LedgerPlace): MigrationFolder {
  const files = versionedFiles(withoutFirstInit(folder), {
    owner: "Supabase",
    run: /^(?<version>\d+)_(?<description>.*)\.sql$/,
    versions: "text",
    back: /^$/,
    example: "20260102030405_add_users.sql",
  });
  const migrations = files.map((one): Migration => {
    const migration = readVersioned(folder, one);
    return { ...migration, native: { ...migration.native, name: one.description } };
  });
  return {
    tool: "supabase",
    path: folder.shown,
    source: `supabase:${folder.shown}`,
    migrations,
    ledger: supabaseLedger(place),
  };
}

/** A first migration `…_init.sql` of before 9 December 2021, which its early versions made, is passed over. */
function withoutFirstInit(folder: Folder): Folder {
  const first = folder.entries.find(({ name }) => /^\d+_.*\.sql$/.test(name));
  const time = /^(\d{14})_init\.sql$/.exec(first?.name ?? "")?.[1];
  if (time === undefined || time >= "20211209000000") return folder;
  return { ...folder, entries: folder.entries.filter((entry) => entry !== first) };
}

interface LedgerRow extends Record<string, unknown> {
  readonly version: string;
}

/** Supabase's ledger: versions, with the statements that were run. What failed leaves no trace in it. */
function supabaseLedger(place: LedgerPlace): NativeLedger {
  const ledger = ledgerAt(place, {
    owner: "Supabase",
    schema: "supabase_migrations",
    table: "schema_migrations",
    columns: ["version", "statements", "name"],
  });
  const { schema, table } = ledger;
  const name = quoteQualified(schema, table);
  return {
    schema,
    table,
    createSql: createOnceSql(
      name,
      `CREATE SCHEMA IF NOT EXISTS ${schema}`,
      `CREATE TABLE ${name} (version text NOT NULL PRIMARY KEY, statements text[], name text)`,
    ),
    async read(database, migrations) {
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () => `SELECT version FROM ${name} ORDER BY version`,
      );
      // Rows that are written later hold the statements of their files.
      if ((rows ?? []).length < migrations.length) await loadParser();
      const known = byVersion(migrations);
      return (rows ?? []).map(({ version }) => rowOfVersion(known, version, undefined));
    },
    recordSql: (migration) => {
      const statements = statementsOf(migration).map((statement) => quoteLiteral(statement));
      const values = [
        quoteLiteral(versionOf(migration)),
        quoteLiteral(String(migration.native["name"])),
        `ARRAY[${statements.join(", ")}]::text[]`,
      ];
      return [`INSERT INTO ${name} (version, name, statements) VALUES (${values.join(", ")})`];
    },
    eraseSql: (migration) => [
      `DELETE FROM ${name} WHERE version = ${quoteLiteral(versionOf(migration))}`,
    ],
  };
}

/**
 * A file as Supabase cuts it: at each semicolon that ends a statement; comments stay with what follows them, also behind
 * the last statement.
 */
function statementsOf({ sql, file }: Migration): readonly string[] {
  const bytes = Buffer.from(sql, "utf8");
  // Semicolons between the statements of a body (BEGIN ATOMIC … END) end none of the file's.
  const whole = parseLoaded(sql, file).map(({ start, end }) => ({
    start: Buffer.byteLength(sql.slice(0, start)),
    end: Buffer.byteLength(sql.slice(0, end)),
  }));
  const pieces: string[] = [];
  let from = 0;
  for (const { start, end, text } of loadedParser().scanSync(sql).tokens) {
    if (text !== ";" || whole.some((one) => start > one.start && end < one.end)) continue;
    pieces.push(bytes.toString("utf8", from, start));
    from = end;
  }
  pieces.push(bytes.toString("utf8", from));
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== "");
}
