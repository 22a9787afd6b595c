import { LockstepError } from "../errors/index.ts";
import { sqlState, type Queryable } from "../pg/index.ts";
import type { Look } from "./model.ts";

/**
 * Looks at the server's clock, its counters of this database and who waits.
 * @throws LockstepError `usage` for a time zone that it does not know
 */
export async function look(database: Queryable, zones: readonly string[]): Promise<Look> {
  try {
    const { rows } = await database.query<{
      at: number;
      minutes: readonly number[];
      transactions: number | null;
      since: number | null;
      waiting: number;
    }>(
      `SELECT pg_catalog.date_part('epoch', clock.now) * 1000 AS at,
              ARRAY(SELECT (pg_catalog.date_part('hour', clock.now AT TIME ZONE zone) * 60
                            + pg_catalog.date_part('minute', clock.now AT TIME ZONE zone))::integer
                      FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS z (zone, place) ORDER BY place) AS minutes,
              (SELECT (xact_commit + xact_rollback)::float8 FROM pg_catalog.pg_stat_database
                WHERE datname = pg_catalog.current_database()) AS transactions,
              (SELECT pg_catalog.date_part('epoch', stats_reset) * 1000 FROM pg_catalog.pg_stat_database
                WHERE datname = pg_catalog.current_database()) AS since,
              (SELECT pg_catalog.count(*)::integer FROM pg_catalog.pg_stat_activity a
                WHERE a.datname = pg_catalog.current_database()
                  -- Unlike what a session waits for, locks are shown to every role.
                  AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND NOT l.granted)) AS waiting
         FROM (SELECT pg_catalog.clock_timestamp() AS now) AS clock`,
      [zones],
    );
    const { at, minutes, transactions, since, waiting } = rows[0]!;
    return {
      at,
      minutes: new Map(zones.map((zone, index) => [zone, minutes[index]!])),
      transactions: transactions ?? undefined,
      countedSince: since ?? undefined,
      waiting,
    };
  } catch (error) {
    // invalid_parameter_value
    if (sqlState(error) !== "22023") throw error;
    throw new LockstepError(
      "usage",
      {
        what: `the server knows no such time zone: ${(error as Error).message}`,
        expected: "a name of pg_timezone_names",
        found: zones.join(", "),
        next: ['lockstep deploy --window "02:00-05:00 Europe/Berlin"'],
      },
      { cause: error },
    );
  }
}
