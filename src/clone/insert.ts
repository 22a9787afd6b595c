import { sqlState, type Session } from "../pg/index.ts";
import { quoteIdent, type QualifiedName } from "../sql/index.ts";
import type { CloneTable } from "./structure.ts";

/** How another row of a table is made, for statements of a load. */
export interface RowMaker {
  readonly relation: QualifiedName;
  readonly sql: string;
  readonly columns: readonly string[];
  /** `SELECT` of one row, of which `$1` is the number. */
  readonly select: string;
  /** The first number that no row has. */
  readonly next: number;
}

/** Classes of SQLSTATE that tell of the server (no room, no memory, shut down, damaged files), not of the rows: a table must not be shorter for them. */
const ofServer = /^(?:53|57|58|XX00[12])/;

/** The INSERT that makes rows of one table. */
export class Insert {
  readonly #session: Session;
  readonly #table: CloneTable;
  readonly #expressions: ReadonlyMap<string, string>;
  /** Becomes true with the first row that is there already. */
  #skips = false;

  constructor(session: Session, table: CloneTable, expressions: ReadonlyMap<string, string>) {
    this.#session = session;
    this.#table = table;
    this.#expressions = expressions;
  }

  /**
   * @returns how many rows were made, or why none can be
   * @throws the server's error where that is not about the rows
   */
  async run(from: number, to: number, most: number): Promise<number | string> {
    const { hasDeferrableKey } = this.#table;
    await this.#session.query("SAVEPOINT filling");
    try {
      const conflict = this.#skips && !hasDeferrableKey ? " ON CONFLICT DO NOTHING" : "";
      const source = `pg_catalog.generate_series(${from}::bigint, ${to}::bigint) AS g`;
      const { rowCount } = await this.#session.query(
        `${this.#text(source)}${to - from + 1 > most ? ` LIMIT ${most}` : ""}${conflict}`,
      );
      await this.#session.query("RELEASE SAVEPOINT filling");
      return rowCount ?? 0;
    } catch (error) {
      const state = sqlState(error);
      if (state === undefined || ofServer.test(state)) throw error;
      await this.#session.query("ROLLBACK TO SAVEPOINT filling");
      // unique_violation, exclusion_violation
      if (!this.#skips && !hasDeferrableKey && (state === "23505" || state === "23P01")) {
        this.#skips = true;
        return this.run(from, to, most);
      }
      return (error as Error).message;
    }
  }

  maker(next: number): RowMaker {
    const { name, sql, columns } = this.#table;
    return {
      relation: name,
      sql,
      columns: columns.map((column) => column.name),
      select: this.#select(`(SELECT $1::bigint AS g) AS one`),
      next,
    };
  }

  #text(source: string): string {
    const { sql, columns } = this.#table;
    const names = columns.map(({ name }) => quoteIdent(name)).join(", ");
    const into = columns.length === 0 ? sql : `${sql} (${names}) OVERRIDING SYSTEM VALUE`;
    return `INSERT INTO ${into} ${this.#select(source)}`;
  }

  #select(source: string): string {
    const { columns, conditions } = this.#table;
    const values = columns.map(
      ({ name, type }) => `(${this.#expressions.get(name)})::${type.sql} AS ${quoteIdent(name)}`,
    );
    if (conditions.length === 0) return `SELECT ${values.join(", ")} FROM ${source}`;
    const names = columns.map(({ name }) => quoteIdent(name)).join(", ");
    const tests = conditions.map(({ expression }) => `((${expression}) IS NOT FALSE)`);
    return `SELECT ${names} FROM (SELECT ${values.join(", ")} FROM ${source}) AS v WHERE ${tests.join(" AND ")}`;
  }
}
