import type { Catalog } from "../catalog/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteIdent, quoteQualified } from "../sql/index.ts";

/** Of each column of each table a digest of its values, whatever the order of the rows; by table, then by column. */
export type RowDigests = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** A name that no column has: how many rows there are. */
const rowCount = "";

/** Reads every row of every table once. */
export async function rowDigests(
  session: Session,
  { tables }: Pick<Catalog, "tables">,
): Promise<RowDigests> {
  const digests = new Map<string, ReadonlyMap<string, string>>();
  for (const [object, { schema, name, kind, columns }] of Object.entries(tables)) {
    if (kind === "foreign" || kind === "partition") continue;
    const sums = columns.map(
      (column) =>
        `pg_catalog.sum(pg_catalog.hashtextextended(t.${quoteIdent(column.name)}::text, 0)::numeric)::text`,
    );
    const [values = []] = (await session.queryArrays(
      `SELECT ${["pg_catalog.count(*)::text", ...sums].join(", ")} FROM ${quoteQualified(schema, name)} AS t`,
    )) as (string | null)[][];
    const names = [rowCount, ...columns.map((column) => column.name)];
    digests.set(object, new Map(names.map((one, index) => [one, values[index] ?? "none"])));
  }
  return digests;
}

/**
 * Tables of which columns that all have hold other values in `end`, though they were left alone between `start` and `expected`.
 */
export function changedBesides(
  start: RowDigests,
  expected: RowDigests,
  end: RowDigests,
): readonly string[] {
  return [...start].flatMap(([table, columns]) => {
    const differs = [...columns].some(([column, digest]) => {
      const [wanted, found] = [expected, end].map((one) => one.get(table)?.get(column));
      return found !== undefined && wanted === digest && found !== digest;
    });
    return differs ? [table] : [];
  });
}
