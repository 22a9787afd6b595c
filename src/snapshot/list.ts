import { sqlState, type Queryable } from "../pg/index.ts";
import { readSince, type Since } from "./mark.ts";
import type { Snapshot } from "./model.ts";

/** A snapshot with what it does not bring back. */
export interface ListedSnapshot extends Snapshot {
  readonly environment: string | undefined;
  readonly since: Since;
}

/** The snapshots that were made of this database, the newest first; whether they are still there is not looked at. */
export async function listSnapshots(
  database: Queryable,
  limit = 20,
): Promise<readonly ListedSnapshot[]> {
  try {
    const { rows } = await database.query<{ snapshot: Snapshot; environment: string | null }>(
      `SELECT detail->'snapshot' AS snapshot, environment FROM lockstep.run
        WHERE command = 'snapshot' AND outcome = 'succeeded' ORDER BY started_at DESC LIMIT $1`,
      [limit],
    );
    const listed: ListedSnapshot[] = [];
    for (const { snapshot, environment } of rows)
      listed.push({
        ...snapshot,
        environment: environment ?? undefined,
        since: await readSince(database, snapshot),
      });
    return listed;
  } catch (error) {
    // undefined_table
    if (sqlState(error) !== "42P01") throw error;
    return [];
  }
}
