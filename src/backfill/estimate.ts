import type { Queryable } from "../pg/index.ts";

/** How many rows the planner thinks there are: it knows the table's size now, also where it was never analyzed. */
export async function estimatedRows(database: Queryable, table: string): Promise<number> {
  const { rows } = await database.query<{
    "QUERY PLAN": readonly [{ readonly Plan: { readonly "Plan Rows": number } }];
  }>(`EXPLAIN (FORMAT JSON) SELECT FROM ${table}`);
  return rows[0]!["QUERY PLAN"][0].Plan["Plan Rows"];
}
