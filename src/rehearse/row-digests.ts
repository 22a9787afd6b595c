import type { Catalog } from "../catalog/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";

/** Of each column of each table a digest of its values, whatever the order of the rows; by table, then by column. */
export type ColumnDigests = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Reads every row of every table once. */
export async function columnDigests(
  session: Session,
  { tables }: Pick<Catalog, "tables">,
): Promise<ColumnDigests> {
  const digests = new Map<string, ReadonlyMap<string, string>>();
  for (const [object, { schema, name, columns }] of tablesWithRows(tables)) {
    const values = await digestsOf(
      session,
      quoteQualified(schema, name),
      columns.map((column) => `t.${quoteIdent(column.name)}`),
    );
    // A name that no column has: how many rows there are.
    const names = ["", ...columns.map((column) => column.name)];
    digests.set(object, new Map(names.map((one, index) => [one, values[index] ?? "none"])));
  }
  return digests;
}

/**
 * A digest of the rows of each table, whatever their order: unlike those of its columns it tells when two rows have
 * exchanged a value, but only tables with the same columns can be compared.
 */
export async function tableDigests(
  session: Session,
  { tables }: Pick<Catalog, "tables">,
): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const [object, { schema, name, columns }] of tablesWithRows(tables)) {
    const row = `ROW(${columns.map((column) => `t.${quoteIdent(column.name)}`).join(", ")})`;
    const values = await digestsOf(session, quoteQualified(schema, name), [row]);
    digests.set(object, values.join(" "));
  }
  return digests;
}

/** Rows of partitions are read by the table they belong to; those of foreign tables are not of this database. */
function tablesWithRows(tables: Catalog["tables"]): readonly [string, Catalog["tables"][string]][] {
  return Object.entries(tables).filter(
    ([, { kind }]) => kind !== "foreign" && kind !== "partition",
  );
}

/** How many rows there are, then of each expression the sum of its hashes: null without rows, or where all are NULL. */
async function digestsOf(
  session: Session,
  table: string,
  expressions: readonly string[],
): Promise<readonly (string | null)[]> {
  const sums = expressions.map(
    (expression) =>
      `pg_catalog.sum(pg_catalog.hashtextextended(${expression}::text, 0)::numeric)::text`,
  );
  const [values] = await session.queryArrays(
    `SELECT ${["pg_catalog.count(*)::text", ...sums].join(", ")} FROM ${table} AS t`,
  );
  return values as (string | null)[];
}

/**
 * Tables of which columns that all have hold other values in `end`, though they were left alone between `start` and `expected`.
 */
export function changedBesides(
  start: ColumnDigests,
  expected: ColumnDigests,
  end: ColumnDigests,
): readonly string[] {
  return [...start].flatMap(([table, columns]) => {
    const differs = [...columns].some(([column, digest]) => {
      const [wanted, found] = [expected, end].map((one) => one.get(table)?.get(column));
      return found !== undefined && wanted === digest && found !== digest;
    });
    return differs ? [table] : [];
  });
}
