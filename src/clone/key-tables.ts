import type { Session } from "../pg/index.ts";
import { quoteIdent } from "../sql/index.ts";
import type { Parents } from "./makers.ts";
import type { Structure } from "./structure.ts";

/** What names of key tables begin with. */
export const keyTablePrefix = "pg_temp.lockstep_keys_";

/** Keys of parents, numbered, so that children can refer to any of them; gone with the transaction. */
export class KeyTables {
  readonly #session: Session;
  readonly #structure: Structure;
  readonly #made = new Map<string, Parents | undefined>();

  constructor(session: Session, structure: Structure) {
    this.#session = session;
    this.#structure = structure;
  }

  /** Undefined for a parent without rows. */
  async parents(parent: number, columns: readonly string[]): Promise<Parents | undefined> {
    const id = `${parent} ${columns.join(" ")}`;
    if (!this.#made.has(id)) this.#made.set(id, await this.#make(parent, columns));
    return this.#made.get(id);
  }

  async #make(parent: number, columns: readonly string[]): Promise<Parents | undefined> {
    const source = this.#structure.relations.get(parent);
    if (source === undefined) return undefined;
    const name = `${keyTablePrefix}${this.#made.size}`;
    const list = columns.map((column, index) => `${quoteIdent(column)} AS c${index}`).join(", ");
    const present = columns.map((column) => `${quoteIdent(column)} IS NOT NULL`).join(" AND ");
    const { rowCount } = await this.#session.query(
      `CREATE TEMP TABLE ${name} ON COMMIT DROP AS
         SELECT pg_catalog.row_number() OVER () AS number, ${list} FROM ${source.sql} WHERE ${present}`,
    );
    if (rowCount === null || rowCount === 0) return undefined;
    await this.#session.query(`ALTER TABLE ${name} ADD PRIMARY KEY (number)`);
    await this.#session.query(`ANALYZE ${name}`);
    return {
      count: rowCount,
      valueAt: (column, number) =>
        `(SELECT k.c${columns.indexOf(column)} FROM ${name} AS k WHERE k.number = ${number})`,
    };
  }
}
