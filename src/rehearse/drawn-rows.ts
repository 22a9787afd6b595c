import type { RowMaker } from "../clone/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteIdent, type QualifiedName } from "../sql/index.ts";

/** As many rows of each table are drawn. */
const mostRows = 200;

/** One row, by column, as texts. */
export type DrawnRow = ReadonlyMap<string, string | null>;

export interface Place {
  /** Its name, quoted. */
  readonly sql: string;
  /** A view and a foreign table have no sample: their first rows are taken. */
  readonly isSampled: boolean;
}

/** Rows of a database that parameters get their values of: those that are there, and those that are to come. */
export class DrawnRows {
  readonly #session: Session;
  readonly #seed: number;
  readonly #placeOf: (relation: QualifiedName) => Place;
  readonly #makers: readonly RowMaker[];
  readonly #rows = new Map<QualifiedName, readonly DrawnRow[]>();
  readonly #next = new Map<QualifiedName, number>();

  constructor(
    session: Session,
    seed: number,
    placeOf: (relation: QualifiedName) => Place,
    makers: readonly RowMaker[],
  ) {
    this.#session = session;
    this.#seed = seed;
    this.#placeOf = placeOf;
    this.#makers = makers;
  }

  /** Some of a table's rows from all over it; none of an empty one. */
  async of(relation: QualifiedName, columns: readonly string[]): Promise<readonly DrawnRow[]> {
    const known = this.#rows.get(relation);
    if (known !== undefined) return known;
    const { sql, isSampled } = this.#placeOf(relation);
    const list = columns.map((column) => `${quoteIdent(column)}::text`).join(", ");
    const [[rows]] = (await this.#session.queryArrays(
      `SELECT pg_catalog.count(*)::float8 FROM ${sql}`,
    )) as [[number]];
    const percent = Math.min(100, (300 * mostRows) / Math.max(1, rows));
    const sample = isSampled && percent < 100 ? " TABLESAMPLE BERNOULLI ($1) REPEATABLE ($2)" : "";
    const some = await this.#session.queryArrays(
      `SELECT ${list} FROM ${sql}${sample} LIMIT ${mostRows}`,
      sample === "" ? [] : [percent, this.#seed],
    );
    const drawn = some.map(
      (row) => new Map(columns.map((column, index) => [column, row[index] as string | null])),
    );
    this.#rows.set(relation, drawn);
    return drawn;
  }

  /** Rows that a table could have besides, each made when it is asked for; undefined where nobody knows how. */
  async toCome(relation: QualifiedName, count: number): Promise<readonly DrawnRow[] | undefined> {
    const maker = this.#makers.find((one) => one.relation === relation);
    if (maker === undefined) return undefined;
    const list = maker.columns.map((column) => `one.${quoteIdent(column)}::text`).join(", ");
    const made: DrawnRow[] = [];
    let number = this.#next.get(relation) ?? maker.next;
    // A row that the conditions refuse is none; so many in turn mean that there are no more.
    for (const last = number + 3 * count; made.length < count && number < last; number++) {
      const [row] = await this.#session.queryArrays(
        `SELECT ${list} FROM (${maker.select}) AS one`,
        [number],
      );
      if (row !== undefined)
        made.push(
          new Map(maker.columns.map((column, index) => [column, row[index] as string | null])),
        );
    }
    this.#next.set(relation, number);
    return made;
  }
}
