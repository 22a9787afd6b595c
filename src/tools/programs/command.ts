import { LockstepError } from "../../errors/index.ts";
import { quoteIdent, quoteLiteral } from "../../sql/index.ts";
import { ledgerOnPath, readLedgerTable, type LedgerPlace } from "../ledger-table.ts";
import type { AppliedMigration, Migration, NativeLedger } from "../migration.ts";
import type { ProgramReader } from "./program-reader.ts";

/** A ledger as tools of other languages have it: its table, and the columns that name a migration. */
interface KnownLedger {
  readonly table: string;
  readonly columns: readonly string[];
  readonly isPosition?: boolean;
}

/** Of those whose ledger everybody has under the same name. */
const known: readonly KnownLedger[] = [
  { table: "django_migrations", columns: ["app", "name"] },
  { table: "alembic_version", columns: ["version_num"], isPosition: true },
  { table: "schema_migrations", columns: ["version"] },
];

/**
 * A tool that is not known, by its own command and its ledger: Django, Alembic, Rails, Ecto, anything. Which migrations there
 * are and in which order is seen when the command runs on scratch; their files are found by their names.
 *
 * @throws LockstepError `config-invalid` when command or ledger are not named
 */
export const readCommandFolder: ProgramReader = (folder, { place, command, cwd }) => {
  if (command === undefined)
    throw unnamed("migrations.command", 'command: "python manage.py migrate"');
  const ledger = commandLedger(place);
  return {
    tool: "command",
    path: folder.shown,
    source: `command:${folder.shown}`,
    migrations: [],
    ledger,
    program: {
      command,
      cwd,
      sends: undefined,
      nameColumns: ledgerColumns(place),
      ownTables: [ledger.table, "ar_internal_metadata"],
      isListed: false,
      settings: [],
    },
  };
};

function ledgerColumns({ table, column }: LedgerPlace): readonly string[] {
  if (column !== undefined) return typeof column === "string" ? [column] : column;
  const own = known.find((one) => one.table === table);
  if (table === undefined || own === undefined)
    throw unnamed(
      "migrations.ledger",
      'ledger: { table: "django_migrations", column: ["app", "name"] }',
    );
  return own.columns;
}

function commandLedger(place: LedgerPlace): NativeLedger {
  const columns = ledgerColumns(place);
  const ledger = ledgerOnPath(place, { owner: "the command", table: place.table!, columns });
  const isPosition =
    place.isPosition ?? known.find(({ table }) => table === place.table)?.isPosition ?? false;
  const { name, schema, table } = ledger;
  const label = columns.map((column) => `${quoteIdent(column)}::text`).join(" || '.' || ");
  const refuse = (): never => {
    throw new LockstepError("migration-unsupported", {
      what: `Lockstep does not write into ${schema}.${table}`,
      expected: "a ledger whose tool is known",
      found: "one that is only named in the config",
      from: "migrations.ledger",
      why: "what else the tool keeps in such a row is not known",
      next: ["let the tool itself mark the migration as applied or not"],
    });
  };
  return {
    schema,
    table,
    get createSql(): string {
      return refuse();
    },
    async read(database, migrations) {
      const rows = await readLedgerTable<{ label: string }>(
        database,
        ledger,
        () => `SELECT ${label} AS label FROM ${name}`,
      );
      const labels = (rows ?? []).map((row) => row.label);
      return isPosition ? upTo(labels, migrations) : labels.map((one) => rowOf(one, migrations));
    },
    recordSql: refuse,
    eraseSql: ({ id }) => [`DELETE FROM ${name} WHERE ${label} = ${quoteLiteral(id)}`],
  };
}

function rowOf(label: string, migrations: readonly Migration[]): AppliedMigration {
  const id = migrations.some((one) => one.id === label) ? label : undefined;
  return { id, label, appliedAt: undefined, checksum: undefined, isEdited: false };
}

/** What a position stands for: itself and all before it. */
function upTo(
  labels: readonly string[],
  migrations: readonly Migration[],
): readonly AppliedMigration[] {
  const last = migrations.findLastIndex(({ id }) => labels.includes(id));
  const passed = migrations
    .slice(0, Math.max(last, 0))
    .filter(({ id }) => !labels.includes(id))
    .map(({ id }): AppliedMigration => ({ ...rowOf(id, migrations), isPassed: true }));
  return [...passed, ...labels.map((label) => rowOf(label, migrations))];
}

function unnamed(key: string, example: string): LockstepError {
  return new LockstepError("config-invalid", {
    what: `for migrations.tool "command", ${key} says what is to be run and looked at`,
    expected: "the command that applies the migrations, and the table in which it notes them",
    found: `no ${key}`,
    from: "lockstep.config",
    next: [`migrations: { …, tool: "command", ${example} }`],
  });
}
