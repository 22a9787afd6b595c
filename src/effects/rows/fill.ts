import { sqlState, type Session } from "../../pg/index.ts";
import { type QualifiedName, quoteIdent, quoteQualified } from "../../sql/index.ts";
import { meetConditions } from "./conditions.ts";
import { readTables, type ForeignKey, type Table, type TableColumn } from "./tables.ts";
import { sometimesNull, valueOf, type ValueStyle } from "./values.ts";

export interface FillResult {
  /** Tables that were empty and now have rows, by oid. */
  readonly filled: ReadonlySet<number>;
  /** Tables that stay empty, with the reason. */
  readonly left: readonly { readonly relation: QualifiedName; readonly reason: string }[];
}

/**
 * Puts rows into every empty table: they obey NOT NULL, types, unique keys, foreign keys, CHECKs and the bounds of
 * partitions, and nothing else. Where the schema allows it there are nulls, repeated values, negative numbers, long texts and
 * values without a counterpart elsewhere: what a migration must not rely on. The same schema always gets the same rows.
 *
 * Keys are new for each row and count from 2^20 (10,000 for smallint), so that they seldom meet those of seeds.
 * Triggers do not fire. A table that cannot be filled stays as it is and is named with the reason.
 *
 * @param rows how many a table gets; fewer where its keys or conditions do not admit so many
 */
export async function fillTables(session: Session, rows: number): Promise<FillResult> {
  const filled = new Set<number>();
  const left: { relation: QualifiedName; reason: string }[] = [];
  if (rows === 0) return { filled, left };
  await session.batch(
    "BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL search_path = ''",
  );
  try {
    const tables = await readTables(session);
    const empty = await findEmpty(session, tables);
    const filler = new Filler(session, rows, empty);
    for (const table of parentsFirst(empty)) {
      const reason = await filler.fill(table);
      if (reason === undefined) filled.add(table.oid);
      else left.push({ relation: table.name, reason });
    }
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK");
    throw error;
  }
  return { filled, left };
}

async function findEmpty(session: Session, tables: readonly Table[]): Promise<readonly Table[]> {
  if (tables.length === 0) return [];
  const tests = tables.map(({ sql }) => `SELECT EXISTS (SELECT FROM ONLY ${sql})`);
  const rows = await session.queryArrays(tests.join(" UNION ALL "));
  return tables.filter((_, index) => rows[index]![0] === false);
}

/** Parents before children; where foreign keys go round in a circle, some child comes first. */
function parentsFirst(tables: readonly Table[]): readonly Table[] {
  const byOid = new Map(tables.map((table) => [table.oid, table]));
  const ordered = new Set<Table>();
  const visit = (table: Table, path: ReadonlySet<Table>): void => {
    if (ordered.has(table) || path.has(table)) return;
    for (const { parent } of table.foreignKeys) {
      const next = byOid.get(parent);
      if (next !== undefined) visit(next, new Set([...path, table]));
    }
    ordered.add(table);
  };
  for (const table of tables) visit(table, new Set());
  return [...ordered];
}

class Filler {
  readonly #session: Session;
  readonly #rows: number;
  readonly #tables: ReadonlyMap<number, Table>;
  /** Columns that foreign keys point to, by table. */
  readonly #referenced = new Map<number, Set<string>>();
  /** How the columns of tables with a row for every g were made. */
  readonly #made = new Map<number, ReadonlyMap<string, string>>();
  readonly #done = new Set<number>();

  constructor(session: Session, rows: number, tables: readonly Table[]) {
    this.#session = session;
    this.#rows = rows;
    this.#tables = new Map(tables.map((table) => [table.oid, table]));
    for (const { parent, parentColumns } of tables.flatMap(({ foreignKeys }) => foreignKeys))
      this.#referenced.set(
        parent,
        new Set([...(this.#referenced.get(parent) ?? []), ...parentColumns]),
      );
  }

  /** Fills a table, or gives the reason why not. */
  async fill(table: Table): Promise<string | undefined> {
    let reason: string | undefined;
    for (const style of ["wide", "tame"] as const) {
      reason = await this.#tryFill(table, style);
      if (reason === undefined) break;
    }
    this.#done.add(table.oid);
    return reason;
  }

  async #tryFill(table: Table, style: ValueStyle): Promise<string | undefined> {
    const parents = new Map<string, string>();
    const bound = new Map<string, string>();
    for (const key of table.foreignKeys) {
      const values = await this.#parentValues(table, key, parents);
      for (const [index, column] of key.columns.entries())
        bound.set(column, values?.[index] ?? "NULL");
    }
    const expressions = new Map<string, string>();
    const referenced = this.#referenced.get(table.oid);
    for (const column of table.columns) {
      const plain =
        bound.get(column.name) ?? valueOf(column.type, column.isKey ? "key" : style) ?? "NULL";
      if (plain === "NULL" && column.notNull)
        return bound.has(column.name)
          ? `column ${column.name} refers to a table that has no rows`
          : `no value is known for column ${column.name} of type ${column.type.sql}`;
      const maybeNull =
        style === "wide" && !column.notNull && referenced?.has(column.name) !== true;
      expressions.set(column.name, maybeNull && plain !== "NULL" ? sometimesNull(plain) : plain);
    }
    const unmet = await meetConditions(this.#session, table, expressions, bound, this.#rows);
    if (unmet.length > 0) return `no row was found that meets CHECK (${unmet[0]!.expression})`;
    return this.#insert(table, expressions, [...parents.values()]);
  }

  /**
   * Values for the columns of a foreign key: made as the parent's were, or picked from the rows that it has. Undefined
   * when it has none.
   *
   * @param parents subqueries of the INSERT that give a parent's rows, by name; one is added when it is needed
   */
  async #parentValues(
    table: Table,
    { parent, parentColumns, columns }: ForeignKey,
    parents: Map<string, string>,
  ): Promise<readonly string[] | undefined> {
    const types = columns.map((name) => table.columns.find((each) => each.name === name)?.type.sql);
    const cast = (value: string, index: number) => `(${value})::${types[index]}`;
    const known = this.#tables.get(parent);
    const isToCome = known !== undefined && !this.#done.has(parent);
    const made = this.#made.get(parent) ?? (isToCome ? keyValues(known.columns) : undefined);
    const values = parentColumns.map((name) => made?.get(name));
    if (values.every((value) => value !== undefined)) return values.map(cast);
    const names = parentColumns.map(quoteIdent);
    const [[schema, name]] = (await this.#session.queryArrays(
      `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1`,
      [parent],
    )) as [[string, string]];
    const source = quoteQualified(schema, name);
    const present = names.map((name) => `${name} IS NOT NULL`).join(" AND ");
    const [[hasRows]] = (await this.#session.queryArrays(
      `SELECT EXISTS (SELECT FROM ${source} WHERE ${present})`,
    )) as [[boolean]];
    if (!hasRows) return undefined;
    const alias = `p${parents.size + 1}`;
    const lists = names.map((name, index) => `pg_catalog.array_agg(${name}) AS v${index}`);
    parents.set(
      alias,
      `(SELECT ${lists.join(", ")} FROM (SELECT ${names.join(", ")} FROM ${source} WHERE ${present} LIMIT 500) AS r) AS ${alias}`,
    );
    return names.map((_, index) =>
      cast(`${alias}.v${index}[1 + g % pg_catalog.cardinality(${alias}.v0)]`, index),
    );
  }

  async #insert(
    { oid, sql, columns, conditions, hasDeferrableKey }: Table,
    expressions: ReadonlyMap<string, string>,
    parents: readonly string[],
  ): Promise<string | undefined> {
    const names = columns.map(({ name }) => quoteIdent(name)).join(", ");
    const values = columns.map(
      ({ name, type }) => `(${expressions.get(name)})::${type.sql} AS ${quoteIdent(name)}`,
    );
    const tests = conditions.map(({ expression }) => `((${expression}) IS NOT FALSE)`);
    const from = [`pg_catalog.generate_series(1, ${this.#rows}) AS g`, ...parents].join(", ");
    const into = columns.length === 0 ? sql : `${sql} (${names}) OVERRIDING SYSTEM VALUE`;
    const text = `INSERT INTO ${into} SELECT ${names} FROM (SELECT ${values.join(", ")} FROM ${from}) AS v
      ${tests.length === 0 ? "" : `WHERE ${tests.join(" AND ")}`}
      ${hasDeferrableKey ? "" : "ON CONFLICT DO NOTHING"}`;
    await this.#session.query("SAVEPOINT filling");
    try {
      const { rowCount } = await this.#session.query(text);
      if (rowCount === 0) return "no row meets all of its conditions";
      if (rowCount === this.#rows) this.#made.set(oid, expressions);
      return undefined;
    } catch (error) {
      if (sqlState(error) === undefined) throw error;
      await this.#session.query("ROLLBACK TO SAVEPOINT filling");
      return (error as Error).message;
    }
  }
}

function keyValues(columns: readonly TableColumn[]): ReadonlyMap<string, string> {
  return new Map(
    columns.flatMap(({ name, type }) => {
      const value = valueOf(type, "key");
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
