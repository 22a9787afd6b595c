import type { Queryable } from "../pg/index.ts";
import { sessionSql } from "./claim.ts";
import type { Cursor, Job } from "./job.ts";

/** Writes a backfill down so that workers can claim its ranges. Harmless to repeat: one that is there goes on. */
export async function createBackfill(database: Queryable, { id, table, key }: Job): Promise<void> {
  await database.query(
    `INSERT INTO lockstep.backfill (id, relation, key, estimate)
     SELECT $1, $2, $3, greatest(0, coalesce(sum(c.reltuples), 0))::bigint
       FROM pg_catalog.pg_class c
      WHERE (c.oid = $2::text::regclass AND c.relkind <> 'p')
         OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree($2::text::regclass) WHERE isleaf)
     ON CONFLICT (id) DO NOTHING`,
    [id, table, JSON.stringify(key)],
  );
}

/** How far a backfill has come. */
export interface BackfillStatus {
  readonly id: string;
  readonly table: string;
  readonly state: "running" | "paused" | "done";
  /** Rows that the table is thought to have, from its statistics. */
  readonly estimate: number;
  /** Rows passed, and of these the rows that had to be changed. */
  readonly passed: number;
  readonly changed: number;
  /** Workers that hold a range now. */
  readonly workers: readonly string[];
  readonly rejected: readonly RejectedRow[];
}

export interface RejectedRow {
  readonly key: Cursor;
  readonly sqlstate: string;
  readonly message: string;
}

/** How far a backfill has come; undefined when there is none of this name. */
export async function readBackfill(
  database: Queryable,
  id: string,
): Promise<BackfillStatus | undefined> {
  const { rows } = await database.query<{
    relation: string;
    state: BackfillStatus["state"];
    estimate: string;
    passed: string;
    changed: string;
    workers: string[];
    rejected: RejectedRow[];
  }>(
    `SELECT b.relation, b.state, b.estimate,
            coalesce(r.passed, 0) AS passed, coalesce(r.changed, 0) AS changed, coalesce(r.workers, '{}') AS workers,
            (SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'sqlstate', sqlstate, 'message', message) ORDER BY at), '[]')
               FROM lockstep.backfill_reject WHERE backfill = b.id) AS rejected
       FROM lockstep.backfill b
       LEFT JOIN LATERAL (
         SELECT sum(passed) AS passed, sum(changed) AS changed,
                array_agg(DISTINCT holder) FILTER (WHERE NOT done AND EXISTS (
                  SELECT FROM pg_catalog.pg_stat_activity a WHERE ${sessionSql("a")} = session)) AS workers
           FROM lockstep.backfill_range WHERE backfill = b.id) r ON true
      WHERE b.id = $1`,
    [id],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  const { relation, state, workers, rejected } = found;
  const [estimate, passed, changed] = [found.estimate, found.passed, found.changed].map(Number);
  return {
    id,
    table: relation,
    state,
    estimate: estimate!,
    passed: passed!,
    changed: changed!,
    workers,
    rejected,
  };
}

/** Pauses a backfill for all its workers, who end after their batch, or lets it go on. */
export async function setPaused(database: Queryable, id: string, paused: boolean): Promise<void> {
  await database.query(
    "UPDATE lockstep.backfill SET state = $2 WHERE id = $1 AND state <> 'done'",
    [id, paused ? "paused" : "running"],
  );
}

/**
 * Ends a backfill whose ranges are all done. As long as rows stand rejected it does not end.
 * @returns whether it has ended
 */
export async function finishBackfill(database: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await database.query(
    `UPDATE lockstep.backfill b SET state = 'done', finished_at = coalesce(finished_at, pg_catalog.now())
      WHERE id = $1 AND exhausted
        AND NOT EXISTS (SELECT FROM lockstep.backfill_range WHERE backfill = b.id AND NOT done)
        AND NOT EXISTS (SELECT FROM lockstep.backfill_reject WHERE backfill = b.id)`,
    [id],
  );
  return rowCount === 1;
}
