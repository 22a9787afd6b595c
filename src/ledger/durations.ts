import type { Queryable } from "../pg/index.ts";

/** How long a statement of a migration took when it ran, the last time that it came to its end. */
export interface StepDuration {
  readonly migration: string;
  readonly line: number;
  /** Without the time that it was seen waiting for locks, where that can be told: waits shorter than a second escape notice. */
  readonly ms: number;
  /** ISO time at which it began. */
  readonly at: string;
}

/** Statements at the most; the latest. */
const most = 500;

/** Of one folder, from the trace of its runs; nothing in a database without a ledger. */
export async function readDurations(
  database: Queryable,
  source: string,
): Promise<readonly StepDuration[]> {
  const { rows: found } = await database.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('lockstep.step') IS NOT NULL AS there",
  );
  if (found[0]?.there !== true) return [];
  // Of one that was tried again it is not known how long the last attempt waited: all of it counts.
  const { rows } = await database.query<{
    migration: string;
    line: number;
    ms: number;
    at: Date;
  }>(
    `SELECT migration, line, ms, at FROM (
       SELECT DISTINCT ON (migration, unit, statement) migration, line, id, started_at AS at,
              greatest(0, ms - CASE WHEN attempts = 1 THEN waited_ms ELSE 0 END) AS ms
         FROM lockstep.step WHERE source = $1 AND outcome = 'succeeded' AND ms IS NOT NULL
        ORDER BY migration, unit, statement, id DESC) AS last
      ORDER BY id DESC LIMIT ${most}`,
    [source],
  );
  return rows
    .map(({ migration, line, ms, at }) => ({ migration, line, ms, at: at.toISOString() }))
    .toReversed();
}
