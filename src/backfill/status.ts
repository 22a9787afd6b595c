import type { EventReason } from "../events/index.ts";
import type { Queryable } from "../pg/index.ts";
import { sessionSql } from "./claim.ts";
import type { Cursor } from "./cursor.ts";
import { rateOf, remainingSeconds, type Remaining } from "./rate.ts";

/** How far a backfill has come, whoever asks. */
export interface BackfillStatus {
  readonly id: string;
  readonly table: string;
  readonly state: "running" | "paused" | "done";
  /** Rows that the table is thought to have, from its statistics when the backfill began. */
  readonly estimate: number;
  /** Rows passed, and of these the rows that had to be changed. */
  readonly passed: number;
  readonly changed: number;
  /** Workers that hold a range now. */
  readonly workers: readonly string[];
  /** Processes that work on it now, on whatever machine. */
  readonly processes: readonly BackfillProcess[];
  /** Rows a second, of all processes together; 0 when none works. */
  readonly rowsPerSecond: number;
  readonly remaining: Remaining | null;
  readonly rejected: readonly RejectedRow[];
}

export interface BackfillProcess {
  readonly name: string;
  readonly workers: number;
  readonly verdict: "go" | "slow" | "stop";
  readonly reasons: readonly EventReason[];
  /** Rows a second of the last stretches, oldest first. */
  readonly rates: readonly number[];
}

export interface RejectedRow {
  readonly key: Cursor;
  readonly sqlstate: string;
  readonly message: string;
}

interface StatusRow {
  readonly id: string;
  readonly relation: string;
  readonly state: BackfillStatus["state"];
  readonly estimate: string;
  readonly passed: string;
  readonly changed: string;
  readonly workers: string[];
  readonly processes: BackfillProcess[];
  readonly rejected: RejectedRow[];
}

/** All backfills, the newest last. */
export async function listBackfills(database: Queryable): Promise<readonly BackfillStatus[]> {
  const { rows } = await database.query<StatusRow>(`${statusSql} ORDER BY b.created_at, b.id`);
  return rows.map(statusOf);
}

/** How far a backfill has come; undefined when there is none of this id. */
export async function readBackfill(
  database: Queryable,
  id: string,
): Promise<BackfillStatus | undefined> {
  const { rows } = await database.query<StatusRow>(`${statusSql} WHERE b.id = $1`, [id]);
  return rows[0] === undefined ? undefined : statusOf(rows[0]);
}

const statusSql = `
  SELECT b.id, b.relation, b.state, b.estimate,
         coalesce(r.passed, 0) AS passed, coalesce(r.changed, 0) AS changed, coalesce(r.workers, '{}') AS workers,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('key', key, 'sqlstate', sqlstate, 'message', message) ORDER BY at, key), '[]')
            FROM lockstep.backfill_reject WHERE backfill = b.id) AS rejected,
         (SELECT coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'workers', p.workers, 'verdict', p.verdict,
                   'reasons', p.reasons, 'rates', p.rates) ORDER BY p.name, p.session), '[]')
            FROM lockstep.backfill_process p
            JOIN pg_catalog.pg_stat_activity a ON ${sessionSql("a")} = p.session
           WHERE p.backfill = b.id) AS processes
    FROM lockstep.backfill b
    LEFT JOIN LATERAL (
      SELECT sum(passed) AS passed, sum(changed) AS changed,
             array_agg(DISTINCT holder) FILTER (WHERE NOT done AND EXISTS (
               SELECT FROM pg_catalog.pg_stat_activity a WHERE ${sessionSql("a")} = session)) AS workers
        FROM lockstep.backfill_range WHERE backfill = b.id) r ON true`;

function statusOf(row: StatusRow): BackfillStatus {
  const { id, relation, state, workers, processes, rejected } = row;
  const [estimate, passed, changed] = [row.estimate, row.passed, row.changed].map(Number) as [
    number,
    number,
    number,
  ];
  const rates = processes.map((one) => rateOf(one.rates));
  return {
    id,
    table: relation,
    state,
    estimate,
    passed,
    changed,
    workers,
    processes,
    rowsPerSecond: rates.reduce((sum, { typical }) => sum + typical, 0),
    remaining: state === "done" ? null : remainingSeconds(estimate - passed, rates),
    rejected,
  };
}
