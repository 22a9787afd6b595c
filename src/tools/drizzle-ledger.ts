import type { Queryable } from "../pg/index.ts";
import { quoteLiteral, quoteQualified, quoteIdent } from "../sql/index.ts";
import { readLedgerTable, type LedgerPlace, type LedgerTable } from "./ledger-table.ts";
import type { AppliedMigration, Migration, NativeLedger } from "./migration.ts";

interface LedgerOptions {
  /** `journal` up to Drizzle Kit 0.31; `folders` from 1.0, whose ledger has two more columns. */
  readonly layout: "journal" | "folders";
  readonly place: LedgerPlace;
  readonly migrations: readonly Migration[];
}

interface LedgerRow extends Record<string, unknown> {
  readonly id: number;
  readonly hash: string | null;
  /** bigint, so a text. */
  readonly created_at: string | null;
  readonly name?: string | null;
  readonly applied_at?: Date | null;
}

/**
 * Drizzle's own ledger. Up to 0.31 a row is known by `created_at`, the journal's `when`; from 1.0 by `name`. The hash
 * (sha256 of the file) is kept but never compared by Drizzle itself.
 */
export function drizzleLedger({ layout, place: given, migrations }: LedgerOptions): NativeLedger {
  const schema = given.schema ?? "drizzle";
  const table = given.table ?? "__drizzle_migrations";
  const place: LedgerTable = {
    owner: "Drizzle",
    schema,
    table,
    columns: ["id", "hash", "created_at"],
    placedBy:
      "`migrations.schema` and `migrations.table` of drizzle.config, or `migrations.ledger` of lockstep.config",
    followsPath: false,
  };
  const ledger = quoteQualified(schema, table);
  const insertInto = layout === "journal" ? '"hash", "created_at"' : '"hash", "created_at", "name"';
  return {
    schema,
    table,
    createSql: createSql(schema, table, layout, migrations),
    read: async (database, known) => read(database, place, layout, known),
    recordSql: (migration) => {
      const values = [quoteLiteral(migration.checksum), whenOf(migration)];
      if (layout === "folders") values.push(quoteLiteral(migration.id));
      return [`INSERT INTO ${ledger} (${insertInto}) VALUES (${values.join(", ")})`];
    },
    eraseSql: (migration) => [
      layout === "journal"
        ? `DELETE FROM ${ledger} WHERE created_at = ${whenOf(migration)}`
        : `DELETE FROM ${ledger} WHERE name = ${quoteLiteral(migration.id)}`,
    ],
  };
}

function whenOf(migration: Migration): string {
  const when = migration.native["when"];
  if (!Number.isSafeInteger(when)) throw new TypeError(`${migration.id} is no Drizzle migration`);
  return String(when);
}

/**
 * One DO statement: `CREATE SCHEMA IF NOT EXISTS` asks for the right to create one even where it exists, and a role that
 * only deploys may lack it.
 */
function createSql(
  schema: string,
  table: string,
  layout: "journal" | "folders",
  migrations: readonly Migration[],
): string {
  const ledger = quoteQualified(schema, table);
  const more =
    layout === "journal" ? "" : ", name text, applied_at timestamp with time zone DEFAULT now()";
  const create = [
    `IF pg_catalog.to_regclass(${quoteLiteral(ledger)}) IS NULL THEN`,
    `CREATE SCHEMA IF NOT EXISTS ${quoteIdent(schema)};`,
    `CREATE TABLE IF NOT EXISTS ${ledger} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at bigint${more});`,
  ];
  const upgrade = layout === "journal" ? [] : upgradeSql(ledger, migrations);
  return `DO ${quoteLiteral(["BEGIN", ...create, ...upgrade, "END IF;", "END"].join("\n"))}`;
}

/**
 * What Drizzle 1.0 does to a ledger of 0.x before its first run: two columns more, and each row named after the
 * migration of the same second; among several of that second, or when there is none, after the one with its hash.
 */
function upgradeSql(ledger: string, migrations: readonly Migration[]): readonly string[] {
  const named = migrations.map(
    (migration) =>
      `(${quoteLiteral(migration.id)}, ${whenOf(migration)}, ${quoteLiteral(migration.checksum)})`,
  );
  const sameSecond = "f.created_at = l.created_at / 1000 * 1000";
  const name = [
    `SELECT CASE count(*) FILTER (WHERE ${sameSecond})`,
    `WHEN 1 THEN min(f.name) FILTER (WHERE ${sameSecond})`,
    "WHEN 0 THEN max(f.name) FILTER (WHERE f.hash = l.hash)",
    `ELSE min(f.name) FILTER (WHERE ${sameSecond} AND f.hash = l.hash) END`,
    `FROM (VALUES ${named.join(", ")}) AS f(name, created_at, hash)`,
  ].join(" ");
  return [
    "ELSIF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = " +
      `${quoteLiteral(ledger)}::pg_catalog.regclass AND attname = 'name' AND NOT attisdropped) THEN`,
    `ALTER TABLE ${ledger} ADD COLUMN name text, ADD COLUMN IF NOT EXISTS applied_at timestamp with time zone DEFAULT now();`,
    `UPDATE ${ledger} AS l SET name = (${name}), applied_at = NULL;`,
  ];
}

async function read(
  database: Queryable,
  ledger: LedgerTable,
  layout: "journal" | "folders",
  migrations: readonly Migration[],
): Promise<readonly AppliedMigration[]> {
  let isNamed = false;
  const rows = await readLedgerTable<LedgerRow>(database, ledger, (columns) => {
    isNamed = columns.has("name");
    const wanted = ["id", "hash", "created_at", "name", "applied_at"];
    return `SELECT ${wanted.filter((name) => columns.has(name)).join(", ")} FROM ${quoteQualified(ledger.schema, ledger.table)} ORDER BY id`;
  });
  const identify =
    layout === "folders" && isNamed ? byName(migrations) : byTime(layout, migrations);
  return (rows ?? []).map((row) => {
    const migration = identify(row);
    return {
      id: migration?.id,
      label: labelOf(row),
      // Without that column Drizzle keeps only when the migration was generated.
      appliedAt: row.applied_at ?? undefined,
      checksum: row.hash ?? undefined,
      isEdited: migration !== undefined && row.hash !== null && row.hash !== migration.checksum,
    };
  });
}

type Identify = (row: LedgerRow) => Migration | undefined;

/** As Drizzle 1.0 does; a row without a name was written by a 0.x that ran after the upgrade. */
function byName(migrations: readonly Migration[]): Identify {
  const names = new Map(migrations.map((migration) => [migration.id, migration]));
  const older = byTime("folders", migrations);
  return (row) => (typeof row.name === "string" ? names.get(row.name) : older(row));
}

/**
 * By `created_at`, to the second in 1.0's folders, whose names tell no more. A row of another time but with the bytes of
 * one file, and of one only, is that file: its `when` was changed after it had been applied.
 */
function byTime(layout: "journal" | "folders", migrations: readonly Migration[]): Identify {
  const unit = layout === "journal" ? 1 : 1_000;
  const times = groupBy(migrations, (migration) => Number(migration.native["when"]));
  const hashes = groupBy(migrations, (migration) => migration.checksum);
  return (row) => {
    const time = row.created_at === null ? -1 : Math.floor(Number(row.created_at) / unit) * unit;
    const candidates = times.get(time) ?? [];
    if (candidates.length === 1) return candidates[0];
    if (candidates.length > 1) return candidates.find(({ checksum }) => checksum === row.hash);
    const twins = row.hash === null ? [] : (hashes.get(row.hash) ?? []);
    return twins.length === 1 ? twins[0] : undefined;
  };
}

function groupBy<Key>(
  migrations: readonly Migration[],
  keyOf: (migration: Migration) => Key,
): ReadonlyMap<Key, readonly Migration[]> {
  const groups = new Map<Key, Migration[]>();
  for (const migration of migrations) {
    const group = groups.get(keyOf(migration));
    if (group === undefined) groups.set(keyOf(migration), [migration]);
    else group.push(migration);
  }
  return groups;
}

function labelOf(row: LedgerRow): string {
  if (typeof row.name === "string") return row.name;
  const created = Number(row.created_at ?? Number.NaN);
  const time = Number.isNaN(new Date(created).getTime())
    ? ""
    : ` (${new Date(created).toISOString()})`;
  return `row ${row.id}, created_at ${row.created_at ?? "NULL"}${time}`;
}
