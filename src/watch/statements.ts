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

/** What pg_stat_statements holds at one moment. */
export interface StatementReading {
  readonly counts: StatementCounts;
  /** Statements of other roles that this one may not see. */
  readonly hidden: number;
  /** When the view was emptied last, and how often it has dropped entries for want of room; undefined where that is not told. */
  readonly kept: { readonly since: string; readonly dropped: number } | undefined;
}

/** Rows of this database, without what Lockstep sends. Undefined where the view cannot be read. */
export async function readStatements(session: Session): Promise<StatementReading | undefined> {
  try {
    const { rows: place } = await session.query<{ schema: string; info: boolean }>(
      `SELECT n.nspname AS schema,
              pg_catalog.to_regclass(pg_catalog.quote_ident(n.nspname) || '.pg_stat_statements_info') IS NOT NULL AS info
         FROM pg_catalog.pg_extension e
         JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`,
    );
    if (place[0] === undefined) return undefined;
    const schema = quoteIdent(place[0].schema);
    const here =
      "s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";
    const { rows } = await session.query<Counted>(
      `SELECT s.userid || ' ' || s.queryid AS id, pg_catalog.min(s.query) AS query,
              pg_catalog.sum(s.calls)::float8 AS calls, pg_catalog.sum(s.total_exec_time)::float8 AS "totalMs"
         FROM ${schema}.pg_stat_statements s
        WHERE ${here} AND s.queryid IS NOT NULL AND s.query !~ 'lockstep|pg_catalog'
        GROUP BY 1`,
    );
    const { rows: other } = await session.query<{ hidden: number }>(
      `SELECT pg_catalog.count(*)::integer AS hidden FROM ${schema}.pg_stat_statements s WHERE ${here} AND s.queryid IS NULL`,
    );
    // Of PostgreSQL 14, where the extension was updated since.
    const { rows: kept } = place[0].info
      ? await session.query<{ since: string; dropped: number }>(
          `SELECT stats_reset::text AS since, dealloc::float8 AS dropped FROM ${schema}.pg_stat_statements_info`,
        )
      : { rows: [] };
    return {
      counts: new Map(rows.map((row) => [row.id, row])),
      hidden: other[0]!.hidden,
      kept: kept[0],
    };
  } catch (error) {
    // object_not_in_prerequisite_state: not loaded by the server. insufficient_privilege.
    if (["55000", "42501"].includes(sqlState(error) ?? "")) return undefined;
    throw error;
  }
}

/** Why the difference of two readings may not be the whole truth. */
export function gapsBetween(before: StatementReading, after: StatementReading): readonly string[] {
  const { kept, hidden } = after;
  const gaps: string[] = [];
  if (hidden > 0)
    gaps.push(
      `${hidden} statement${hidden === 1 ? "" : "s"} of other roles in pg_stat_statements: this role may not see them (pg_monitor may)`,
    );
  if (kept === undefined || before.kept === undefined)
    gaps.push(
      "whether pg_stat_statements began anew meanwhile: ALTER EXTENSION pg_stat_statements UPDATE",
    );
  else if (kept.since !== before.kept.since)
    gaps.push("which statements became slower: pg_stat_statements was emptied during the watch");
  else if (kept.dropped !== before.kept.dropped)
    gaps.push(
      "all statements: pg_stat_statements had no room and dropped some during the watch, which may be told as new (pg_stat_statements.max)",
    );
  return gaps;
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
