import { LockstepError } from "../errors/index.ts";
import { sqlState, type Session } from "../pg/index.ts";
import { maskLiterals } from "../sql/index.ts";
import type { LiveRun } from "./runs.ts";

/** A session of a run, as it is shown before it is ended. */
export interface RunSession {
  readonly pid: number;
  readonly application: string;
  /** As pg_stat_activity says it; `hidden` when this role may not see it. */
  readonly state: string;
  /** Masked. */
  readonly query: string;
  /** What it must still be when it is ended. */
  readonly proof: {
    readonly backendStart: string | null;
    readonly queryStart: string | null;
    readonly state: string | null;
  };
}

/**
 * The sessions by which a run holds its locks: the runner's own, a deploy's, a plan's. With them it loses its right to this
 * database: if its process lives, it stops where it can be resumed.
 */
export async function sessionsOf(
  database: Session,
  { run, command, doing }: LiveRun,
): Promise<readonly RunSession[]> {
  const { rows } = await database.query<Record<string, string | number | null>>(
    `SELECT a.pid, a.application_name AS application, a.state, coalesce(a.query, '') AS query,
            a.backend_start::text AS "backendStart", a.query_start::text AS "queryStart"
       FROM pg_catalog.pg_stat_activity a
      WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
        AND (pg_catalog.starts_with(a.application_name, $1)
          OR EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
               WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted AND d.datname = a.datname
                 AND (($2 AND l.classid = 1280 AND l.objid = 3)
                   OR (l.classid = 1284 AND l.objid::bigint = (pg_catalog.hashtext($3)::bigint & 4294967295)))))
      ORDER BY a.backend_start, a.pid`,
    [`lockstep/${run.slice(0, 8)}`, command === "deploy", doing.phase?.plan ?? null],
  );
  return Promise.all(
    rows.map(async (row) => ({
      pid: row["pid"] as number,
      application: row["application"] as string,
      state: (row["state"] as string | null) ?? "hidden",
      query: await shownQuery(row["query"] as string),
      proof: {
        backendStart: row["backendStart"] as string | null,
        queryStart: row["queryStart"] as string | null,
        state: row["state"] as string | null,
      },
    })),
  );
}

async function shownQuery(query: string): Promise<string> {
  return query === "<insufficient privilege>"
    ? "(hidden: seen by members of pg_read_all_stats)"
    : maskLiterals(query);
}

/**
 * Ends one session, if it is still the one that was shown, at what it was shown at: compared by the server in the
 * statement that ends it. The companion's heartbeat goes on meanwhile, so that only its backend is compared.
 *
 * @throws LockstepError `blocker-changed`, `privilege-missing`
 */
export async function endSession(
  database: Session,
  { pid, application, query, proof }: RunSession,
): Promise<void> {
  const beats = application.endsWith(" live") || application.endsWith(" keeper");
  try {
    const { rowCount } = await database.query(
      `SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity
        WHERE pid = $1 AND application_name = $2 AND backend_start::text IS NOT DISTINCT FROM $3
          AND ($6 OR (query_start::text IS NOT DISTINCT FROM $4 AND state IS NOT DISTINCT FROM $5))`,
      [pid, application, proof.backendStart, proof.queryStart, proof.state, beats],
    );
    if (rowCount === 1) return;
  } catch (error) {
    if (sqlState(error) !== "42501") throw error;
    throw new LockstepError(
      "privilege-missing",
      {
        what: `this role may not end session ${pid}`,
        expected: "membership in the role of that session, or in pg_signal_backend",
        found: (error as Error).message,
        next: ["ask an administrator, or run it as the role that runs migrations"],
      },
      { cause: error },
    );
  }
  throw new LockstepError("blocker-changed", {
    what: `session ${pid} is not what it was; it was not ended`,
    expected: query,
    found: "it is gone, or it runs something else now",
    from: "pg_stat_activity",
    why: "the run went on while it was looked at",
    next: ["lockstep status, then lockstep cancel again"],
  });
}
