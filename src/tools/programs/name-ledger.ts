import { quoteIdent, quoteLiteral } from "../../sql/index.ts";
import { createOnceSql, ledgerOnPath, readLedgerTable, type LedgerPlace } from "../ledger-table.ts";
import type { Migration, NativeLedger } from "../migration.ts";

/** A ledger with a row for each migration, by its name. */
interface NameLedger {
  /** The tool as it is written in sentences. */
  readonly owner: string;
  /** Its usual name. */
  readonly table: string;
  readonly columns: readonly string[];
  /** An expression for the time of a row, as timestamptz; undefined where none is kept. */
  readonly at: string | undefined;
  /** The tool's order. */
  readonly order: string;
  /** The tool's own statement, but for the quoted name of the table. */
  readonly create: (name: string) => string;
  /** What a row has beside the name: expressions by column. */
  readonly values: (migration: Migration, name: string) => Readonly<Record<string, string>>;
}

interface LedgerRow extends Record<string, unknown> {
  readonly name: string;
  readonly at: Date | null;
}

/** The ledger of a tool that keeps the name of each migration that it has run, where the `search_path` begins. */
export function nameLedger(place: LedgerPlace, tool: NameLedger): NativeLedger {
  const ledger = ledgerOnPath(place, tool);
  const { name, schema, table } = ledger;
  return {
    schema,
    table,
    createSql: createOnceSql(name, tool.create(name)),
    async read(database, migrations) {
      const known = new Set(migrations.map(({ id }) => id));
      const rows = await readLedgerTable<LedgerRow>(
        database,
        ledger,
        () =>
          `SELECT name, ${tool.at ?? "NULL::timestamptz"} AS at FROM ${name} ORDER BY ${tool.order}`,
      );
      return (rows ?? []).map((row) => ({
        id: known.has(row.name) ? row.name : undefined,
        label: row.name,
        appliedAt: row.at ?? undefined,
        checksum: undefined,
        isEdited: false,
      }));
    },
    recordSql(migration) {
      const values = { name: quoteLiteral(migration.id), ...tool.values(migration, name) };
      const columns = Object.keys(values).map(quoteIdent).join(", ");
      return [`INSERT INTO ${name} (${columns}) VALUES (${Object.values(values).join(", ")})`];
    },
    eraseSql: ({ id }) => [`DELETE FROM ${name} WHERE name = ${quoteLiteral(id)}`],
  };
}
