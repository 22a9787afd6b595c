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
  /** How many times it goes through the table now: 1, without a key maybe more. */
  readonly pass: number;
  /** Rows that there are to pass, from the table's statistics when the backfill, or a pass, began. */
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
  readonly pass: number;
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
  SELECT b.id, b.relation, b.state, b.estimate, coalesce((b.pass->>'number')::integer, 1) AS pass,
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
  const { id, relation, state, pass, workers, processes, rejected } = row;
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
    pass,
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
