import { sqlState, type Session } from "../pg/index.ts";
import { maskLiterals, quoteIdent } from "../sql/index.ts";
import type { WatchedStatement } from "./model.ts";

interface Counted {
  readonly id: string;
  readonly query: string;
  readonly calls: number;
  readonly totalMs: number;
}

/** The counters of pg_stat_statements at one moment, by the statement's id and the role that sent it. */
export type StatementCounts = ReadonlyMap<string, Counted>;

/** Rows of this database, without what Lockstep sends. Undefined where the view cannot be read. */
export async function readStatements(session: Session): Promise<StatementCounts | undefined> {
  try {
    const { rows: place } = await session.query<{ schema: string }>(
      `SELECT n.nspname AS schema FROM pg_catalog.pg_extension e
         JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`,
    );
    if (place[0] === undefined) return undefined;
    const { rows } = await session.query<Counted>(
      `SELECT s.userid || ' ' || s.queryid AS id, pg_catalog.min(s.query) AS query,
              pg_catalog.sum(s.calls)::float8 AS calls, pg_catalog.sum(s.total_exec_time)::float8 AS "totalMs"
         FROM ${quoteIdent(place[0].schema)}.pg_stat_statements s
        WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
          AND s.queryid IS NOT NULL AND s.query !~ 'lockstep|pg_catalog'
        GROUP BY 1`,
    );
    return new Map(rows.map((row) => [row.id, row]));
  } catch (error) {
    // object_not_in_prerequisite_state: not loaded by the server. insufficient_privilege.
    if (["55000", "42501"].includes(sqlState(error) ?? "")) return undefined;
    throw error;
  }
}

/** Fewer calls say nothing of a mean. */
const leastCalls = { before: 20, during: 5 };

/** A statement that is this fast is not told when it becomes slower, in ms. */
const fastMs = 5;

const listed = 20;

/**
 * What is new, and what is slower than it was on average before, by the difference of two readings. Counters that began
 * anew in between (`pg_stat_statements_reset`, or an entry that was evicted) tell nothing of slower ones.
 */
export async function compareStatements(
  before: StatementCounts,
  after: StatementCounts,
  slowerBy: number,
): Promise<readonly WatchedStatement[]> {
  const found: WatchedStatement[] = [];
  for (const [id, now] of after) {
    const was = before.get(id);
    const calls = now.calls - (was?.calls ?? 0);
    const totalMs = now.totalMs - (was?.totalMs ?? 0);
    if (calls <= 0 || totalMs < 0) continue;
    const meanMs = totalMs / calls;
    const query = (await maskLiterals(now.query)).replaceAll(/\s+/g, " ");
    if (was === undefined)
      found.push({ kind: "new", query, calls, meanMs, meanMsBefore: null, totalMs });
    else {
      const meanMsBefore = was.totalMs / was.calls;
      const isSure = was.calls >= leastCalls.before && calls >= leastCalls.during;
      if (isSure && meanMs >= fastMs && meanMs > slowerBy * meanMsBefore)
        found.push({ kind: "slower", query, calls, meanMs, meanMsBefore, totalMs });
    }
  }
  return found.toSorted((a, b) => b.totalMs - a.totalMs).slice(0, listed);
}
