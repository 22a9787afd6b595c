import { quoteIdent } from "../../sql/index.ts";
import { before, latest, type Signal } from "./signal.ts";

/** Calls and total milliseconds of statements, by query id. */
type Reading = Readonly<Record<string, readonly [calls: number, ms: number]>>;

/** What statements took before the backfill began. */
interface Begun {
  readonly view: string;
  /** Mean milliseconds by query id. */
  readonly usual: ReadonlyMap<string, number>;
}

/** Statements that are watched: those that are called most. */
const watchedStatements = 200;
/** The time over which calls are compared, and how many there must be to say something. */
const spanMs = 1_500;
const tellingCalls = 10;

/**
 * How long the application's statements take, compared with what the very same statements took before: a busier hour or
 * another mix of statements is not mistaken for slowness. Read from pg_stat_statements; nothing stands in for it where
 * it is missing. Statements that name Lockstep, in a comment or schema, are not the application's; BEGIN and COMMIT are
 * everybody's, and ours have more to write.
 */
export const latency: Signal<Reading, Begun> = {
  name: "latency",
  async begin(session) {
    const { rows: found } = await session.query<{ schema: string }>(
      "SELECT n.nspname AS schema FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'",
    );
    const [extension] = found;
    if (extension === undefined)
      throw new Error(
        "pg_stat_statements is not installed in this database, so how the application fares cannot be seen",
      );
    const view = `${quoteIdent(extension.schema)}.pg_stat_statements`;
    const { rows } = await session.query<{ queryid: string | null; mean: number }>(
      `SELECT queryid::text AS queryid, sum(total_exec_time) / sum(calls) AS mean
         FROM ${view} s JOIN pg_catalog.pg_database d ON d.oid = s.dbid
        WHERE d.datname = pg_catalog.current_database() AND query NOT LIKE '%lockstep%'
          AND pg_catalog.lower(pg_catalog.split_part(query, ' ', 1)) <> ALL ('{begin,start,commit,end,rollback,abort}')
        GROUP BY 1 HAVING sum(calls) >= ${tellingCalls} ORDER BY sum(calls) DESC LIMIT ${watchedStatements}`,
    );
    if (rows.some(({ queryid }) => queryid === null))
      throw new Error("the role may not see others' statements: GRANT pg_monitor TO the role");
    return { view, usual: new Map(rows.map(({ queryid, mean }) => [queryid!, mean])) };
  },
  sql: (
    _,
    { view, usual },
  ) => `(SELECT coalesce(jsonb_object_agg(id, jsonb_build_array(calls, ms)), '{}')
    FROM (SELECT queryid::text AS id, sum(calls) AS calls, sum(total_exec_time) AS ms FROM ${view}(false)
           WHERE queryid = ANY ('{${[...usual.keys()].join(",")}}'::bigint[]) GROUP BY 1) s)`,
  measure(history, _, { usual }) {
    const now = latest(history).reading;
    const past = before(history, spanMs).reading;
    let [calls, took, expected] = [0, 0, 0];
    for (const [id, mean] of usual) {
      const [callsNow, msNow] = now[id] ?? [0, 0];
      const [callsThen, msThen] = past[id] ?? [0, 0];
      // Fewer calls than before: the statistics were reset.
      if (callsNow <= callsThen) continue;
      calls += callsNow - callsThen;
      took += msNow - msThen;
      expected += (callsNow - callsThen) * mean;
    }
    if (calls < tellingCalls || expected === 0) return [];
    const factor = took / expected;
    return [
      {
        limit: "latency",
        subject: "",
        value: factor,
        unit: "times",
        text: `the application's statements take ${factor.toFixed(1)} times as long as before (${calls} calls)`,
      },
    ];
  },
};
