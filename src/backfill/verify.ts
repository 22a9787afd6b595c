import type { Session } from "../pg/index.ts";
import type { JobSpec } from "./job.ts";

/** What a look at all rows has found. */
export interface Verified {
  /** Rows of the table that were looked at. */
  readonly rows: number;
  /** Rows that are still to be filled. */
  readonly left: number;
  readonly ms: number;
}

/**
 * Counts the rows that are still to be filled. It takes no lock that anybody waits for (ACCESS SHARE), changes
 * nothing, and reads in one statement, that is in one snapshot. 0 proves that every row committed before it is filled;
 * those that come later are the triggers' part.
 */
export async function verifyBackfill(
  session: Session,
  { table, todo }: Pick<JobSpec, "table" | "todo">,
): Promise<Verified> {
  const started = performance.now();
  await session.query("BEGIN TRANSACTION READ ONLY");
  try {
    // Rows that the role may not see would not be counted: with this it is an error.
    await session.query("SET LOCAL row_security = off");
    const { rows } = await session.query<{ rows: string; left: string }>(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE ${todo}) AS left FROM ${table} t`,
    );
    const [found] = rows;
    return {
      rows: Number(found!.rows),
      left: Number(found!.left),
      ms: performance.now() - started,
    };
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}
