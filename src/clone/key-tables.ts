import type { Session } from "../pg/index.ts";
import { quoteIdent } from "../sql/index.ts";
import type { Parents } from "./makers.ts";
import type { Structure } from "./structure.ts";

/** Rows of another parent that have to be there: its columns, by those of the parent that is looked up. */
export interface AlsoIn {
  readonly parent: number;
  readonly columns: ReadonlyMap<string, string>;
}

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

  /**
   * Undefined for a parent without rows.
   * @param alsoIn only those that have a row in each of these too
   */
  async parents(
    parent: number,
    columns: readonly string[],
    alsoIn: readonly AlsoIn[] = [],
  ): Promise<Parents | undefined> {
    const others = alsoIn.map((other) => [other.parent, ...other.columns].join(" "));
    return this.#kept([parent, ...columns, ...others].join(" "), async (name) =>
      this.#make(name, parent, columns, alsoIn),
    );
  }

  /**
   * Those that have given values in some of their columns, numbered for each such value; undefined for a parent without rows.
   * A value that no parent has gives NULL.
   */
  async within(
    parent: number,
    columns: readonly string[],
    given: readonly string[],
  ): Promise<Parents | undefined> {
    return this.#kept(`${parent} ${columns.join(" ")} within ${given.join(" ")}`, async (name) =>
      this.#makeWithin(name, parent, columns, given),
    );
  }

  async #kept(
    id: string,
    make: (name: string) => Promise<Parents | undefined>,
  ): Promise<Parents | undefined> {
    if (!this.#made.has(id)) this.#made.set(id, await make(`${keyTablePrefix}${this.#made.size}`));
    return this.#made.get(id);
  }

  async #make(
    name: string,
    parent: number,
    columns: readonly string[],
    alsoIn: readonly AlsoIn[],
  ): Promise<Parents | undefined> {
    const conditions = alsoIn.flatMap((other) => {
      const source = this.#structure.relations.get(other.parent);
      if (source === undefined) return [];
      const pairs = [...other.columns].map(
        ([own, theirs]) => `o.${quoteIdent(theirs)} = p.${quoteIdent(own)}`,
      );
      return [`EXISTS (SELECT FROM ${source.sql} AS o WHERE ${pairs.join(" AND ")})`];
    });
    const count = await this.#fill(name, parent, columns, {
      numbers: "pg_catalog.row_number() OVER () AS number",
      conditions,
      key: ["number"],
    });
    if (count === 0) return undefined;
    return {
      count,
      valueAt: (column, number) =>
        `(SELECT k.c${columns.indexOf(column)} FROM ${name} AS k WHERE k.number = ${number})`,
    };
  }

  async #makeWithin(
    name: string,
    parent: number,
    columns: readonly string[],
    given: readonly string[],
  ): Promise<Parents | undefined> {
    const group = given.map((column) => quoteIdent(column)).join(", ");
    const places = given.map((column) => `c${columns.indexOf(column)}`);
    const count = await this.#fill(name, parent, columns, {
      numbers: `pg_catalog.row_number() OVER (PARTITION BY ${group}) AS number, pg_catalog.count(*) OVER (PARTITION BY ${group}) AS many`,
      conditions: [],
      key: [...places, "number"],
    });
    if (count === 0) return undefined;
    return {
      count,
      valueAt: (column, number, values) => {
        const same = (table: string) =>
          given
            .map((one, index) => `${table}.${places[index]!} = ${values!.get(one)!}`)
            .join(" AND ");
        const many = `(SELECT m.many FROM ${name} AS m WHERE ${same("m")} AND m.number = 1)`;
        return `(SELECT k.c${columns.indexOf(column)} FROM ${name} AS k WHERE ${same("k")} AND k.number = 1 + (${number} - 1) % ${many})`;
      },
    };
  }

  async #fill(
    name: string,
    parent: number,
    columns: readonly string[],
    {
      numbers,
      conditions,
      key,
    }: {
      readonly numbers: string;
      readonly conditions: readonly string[];
      readonly key: readonly string[];
    },
  ): Promise<number> {
    const source = this.#structure.relations.get(parent);
    if (source === undefined) return 0;
    const list = columns.map((column, index) => `${quoteIdent(column)} AS c${index}`).join(", ");
    const present = columns.map((column) => `${quoteIdent(column)} IS NOT NULL`);
    const { rowCount } = await this.#session.query(
      `CREATE TEMP TABLE ${name} ON COMMIT DROP AS
         SELECT ${numbers}, ${list} FROM ${source.sql} AS p WHERE ${[...present, ...conditions].join(" AND ")}`,
    );
    if (rowCount === null || rowCount === 0) return 0;
    await this.#session.query(`ALTER TABLE ${name} ADD PRIMARY KEY (${key.join(", ")})`);
    await this.#session.query(`ANALYZE ${name}`);
    return rowCount;
  }
}
