import type { Session } from "../pg/index.ts";
import { quoteIdent, type QualifiedName } from "../sql/index.ts";
import type { Structure } from "./structure.ts";

/** Passes over all foreign keys: a row that goes may have been the parent of others. */
const passes = 20;

/**
 * Takes away rows whose foreign key refers to no row: nothing looks them up while rows are made.
 * @returns how many rows each table has lost
 */
export async function removeOrphans(
  session: Session,
  { tables, relations }: Structure,
): Promise<ReadonlyMap<QualifiedName, number>> {
  const lost = new Map<QualifiedName, number>();
  for (let pass = 0; pass < passes; pass++) {
    let found = 0;
    for (const { name, sql, foreignKeys } of tables)
      for (const { parent, columns, parentColumns } of foreignKeys) {
        const target = relations.get(parent);
        if (target === undefined) continue;
        const given = columns.map((column) => `c.${quoteIdent(column)} IS NOT NULL`);
        const pairs = columns.map(
          (column, n) => `p.${quoteIdent(parentColumns[n]!)} = c.${quoteIdent(column)}`,
        );
        const { rowCount } = await session.query(
          `DELETE FROM ONLY ${sql} AS c WHERE ${given.join(" AND ")}
             AND NOT EXISTS (SELECT FROM ${target.sql} AS p WHERE ${pairs.join(" AND ")})`,
        );
        if (rowCount === null || rowCount === 0) continue;
        found += rowCount;
        lost.set(name, (lost.get(name) ?? 0) + rowCount);
      }
    if (found === 0) break;
  }
  return lost;
}
