import { LockstepError } from "../errors/index.ts";
import { sqlState, type Queryable } from "../pg/index.ts";
import { quoteIdent, quoteLiteral, quoteQualified } from "../sql/index.ts";

/** Where a tool keeps its ledger; what is not named has the tool's default. */
export interface LedgerPlace {
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  /** Of a tool that is not known: the column that names a migration, or several that do so together. */
  readonly column?: string | readonly string[] | undefined;
  /** Of such a tool too: the ledger has only the newest migration, as Alembic's. */
  readonly isPosition?: boolean | undefined;
}

/** The table in which a tool keeps its ledger. */
export interface LedgerTable {
  /** The tool's name as it is written in sentences: Drizzle, golang-migrate. */
  readonly owner: string;
  readonly schema: string;
  readonly table: string;
  /** Columns without which it is another tool's. */
  readonly columns: readonly string[];
  /** Columns with which it is another tool's of the same name. */
  readonly without?: readonly string[];
  /** Where its place is configured. */
  readonly placedBy: string;
  /**
   * True when the tool looks for its ledger where the connection's `search_path` begins, and nobody said where that is:
   * then the place that was assumed is compared with the connection's.
   */
  readonly followsPath: boolean;
}

/**
 * The ledger of a tool that keeps it in the schema where the connection's `search_path` begins: `public` unless a place is
 * named.
 */
export function ledgerOnPath(
  place: LedgerPlace,
  ledger: Pick<LedgerTable, "owner" | "table" | "columns" | "without">,
): LedgerTable & { readonly name: string } {
  const schema = place.schema ?? "public";
  const table = place.table ?? ledger.table;
  return {
    ...ledger,
    schema,
    table,
    name: quoteQualified(schema, table),
    placedBy: `${ledger.owner}'s configuration, or \`migrations.ledger\` of lockstep.config`,
    followsPath: place.schema === undefined,
  };
}

/**
 * The ledger of a tool that keeps it in one place and no other.
 * @throws LockstepError `config-invalid` when another one is named
 */
export function ledgerAt(
  place: LedgerPlace,
  ledger: Pick<LedgerTable, "owner" | "schema" | "table" | "columns">,
): LedgerTable {
  const { owner, schema, table } = ledger;
  const named = `${place.schema ?? schema}.${place.table ?? table}`;
  if (named === `${schema}.${table}`)
    return { ...ledger, placedBy: `which tool has made the schema ${schema}`, followsPath: false };
  throw new LockstepError("config-invalid", {
    what: `${owner} keeps its ledger in ${schema}.${table}, and nowhere else`,
    expected: "no `migrations.ledger`",
    found: named,
    from: "`migrations.ledger` in lockstep.config",
    next: ["take `migrations.ledger` out of lockstep.config"],
  });
}

/**
 * One DO statement that makes a ledger where there is none: `CREATE TABLE IF NOT EXISTS` asks for the right to create one
 * even where it exists, and a role that only deploys may lack it.
 *
 * @param name of the table, quoted
 */
export function createOnceSql(name: string, ...statements: readonly string[]): string {
  const body = [
    "BEGIN",
    `IF pg_catalog.to_regclass(${quoteLiteral(name)}) IS NULL THEN`,
    ...statements.map((sql) => `${sql};`),
    "END IF;",
    "END",
  ];
  return `DO ${quoteLiteral(body.join("\n"))}`;
}

/**
 * Reads a tool's ledger; undefined when the table is not there.
 *
 * @param select gives the query for the columns that the table has
 * @throws LockstepError `migration-unsupported` when it is another table, `privilege-missing` when this role may not read
 * it, `config-invalid` when the tool would look for it in another schema
 */
export async function readLedgerTable<Row extends Record<string, unknown>>(
  database: Queryable,
  ledger: LedgerTable,
  select: (columns: ReadonlySet<string>) => string,
): Promise<readonly Row[] | undefined> {
  const { owner, schema, table } = ledger;
  const name = quoteQualified(schema, table);
  try {
    const columns = await columnsOf(database, ledger);
    if (columns === undefined) return undefined;
    const isTheirs =
      ledger.columns.every((column) => columns.has(column)) &&
      ledger.without?.some((column) => columns.has(column)) !== true;
    if (!isTheirs) throw notTheirs(ledger, name, columns);
    return (await database.query<Row>(select(columns))).rows;
  } catch (error) {
    if (sqlState(error) !== "42501") throw error;
    throw new LockstepError(
      "privilege-missing",
      {
        what: `${owner}'s ledger ${name} may not be read`,
        expected: "a role that may read and write it",
        found: (error as Error).message,
        from: `${schema}.${table}`,
        why: `${owner} ran as another role, which owns the ledger`,
        next: [
          `as its owner: GRANT USAGE ON SCHEMA ${quoteIdent(schema)} TO your_role; GRANT SELECT, INSERT, UPDATE, DELETE ON ${name} TO your_role`,
          "or run Lockstep as that role",
        ],
      },
      { cause: error },
    );
  }
}

async function columnsOf(
  database: Queryable,
  ledger: LedgerTable,
): Promise<ReadonlySet<string> | undefined> {
  const { rows } = await database.query<{
    first: string | null;
    columns: readonly string[] | null;
  }>(
    `SELECT pg_catalog.current_schema()::text AS first,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)
          FROM pg_catalog.pg_attribute a
          JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
          JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped) AS columns`,
    [ledger.schema, ledger.table],
  );
  const { first, columns } = rows[0]!;
  if (ledger.followsPath && first !== null && first !== ledger.schema)
    throw elsewhere(ledger, first);
  return columns === null ? undefined : new Set(columns);
}

function elsewhere({ owner, schema, table }: LedgerTable, first: string): LockstepError {
  return new LockstepError("config-invalid", {
    what: `it is not certain in which schema ${owner} keeps its ledger`,
    expected: `a search_path that begins with ${schema}, or a place that is named`,
    found: `a search_path that begins with ${first}`,
    from: "the connection",
    why: `${owner} looks for ${table} where the search_path of its connection begins; a ledger in another place would be taken for an empty one, and every migration be run again`,
    next: [
      `name it in lockstep.config: migrations.ledger: { schema: ${JSON.stringify(first)} } or { schema: ${JSON.stringify(schema)} }`,
    ],
  });
}

function notTheirs(
  { owner, columns: wanted, placedBy }: LedgerTable,
  name: string,
  columns: ReadonlySet<string>,
): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `${name} is not a ledger of ${owner}'s`,
    expected: `columns ${wanted.join(", ")}`,
    found: [...columns].join(", "),
    from: name,
    why: `another table has the name that ${owner}'s configuration gives its ledger`,
    next: [`check ${placedBy}`],
  });
}
