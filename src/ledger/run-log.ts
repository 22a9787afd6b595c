import { version } from "../errors/index.ts";
import { sqlState, type Queryable } from "../pg/index.ts";
import type { RunDetails } from "./runs.ts";

/** What was told to the person when a run ended without success; no secrets in it. */
export interface RunError {
  readonly code: string;
  readonly what: string;
  readonly found?: string | undefined;
}

/** One run as the ledger keeps it: an attempt, never proof of anything (B4). */
export interface RunRecord {
  readonly id: string;
  readonly command: string;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  readonly actor: string | undefined;
  readonly host: string | undefined;
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
  /** `running` may also be a run that was killed and that no later one has noticed yet. */
  readonly outcome: "running" | "succeeded" | "failed" | "stopped" | "lost";
  readonly error: RunError | undefined;
}

/**
 * Writes the row of a deploy. The caller holds the lock of deploys, so whatever other deploy never finished is lost.
 * The migrations of the deploy are applied under the same id.
 */
export async function beginDeploy(database: Queryable, run: RunDetails): Promise<void> {
  await database.query(
    "UPDATE lockstep.run SET outcome = 'lost', finished_at = pg_catalog.now() WHERE outcome = 'running' AND command = 'deploy'",
  );
  await beginRun(database, run);
}

/**
 * Writes the row of a run that is made of several runs of the runner, which leave its outcome to the one who wrote it.
 * @returns false when the row is there already: whoever wrote it settles it
 */
export async function beginRun(database: Queryable, run: RunDetails): Promise<boolean> {
  const { rowCount } = await database.query(
    `INSERT INTO lockstep.run (id, command, environment, release, git_commit, actor, host, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
    [
      run.id,
      run.command,
      run.environment,
      run.release,
      run.gitCommit,
      run.actor,
      run.host,
      version(),
    ],
  );
  return rowCount === 1;
}

/** Says how far such a run is: its migrations end before it does, so its outcome may be set more than once. */
export async function settleRun(
  database: Queryable,
  run: string,
  outcome: RunRecord["outcome"],
  error?: RunError,
): Promise<void> {
  await database.query(
    `UPDATE lockstep.run SET outcome = $2, error = $3,
       finished_at = CASE WHEN $2 = 'running' THEN NULL ELSE pg_catalog.now() END WHERE id = $1`,
    [run, outcome, error === undefined ? null : JSON.stringify(error)],
  );
}

/** The newest runs first; none when there is no ledger. */
export async function recentRuns(
  database: Queryable,
  limit: number,
): Promise<readonly RunRecord[]> {
  return readRuns(database, "ORDER BY started_at DESC LIMIT $1", limit);
}

/** One run; undefined when the ledger keeps nothing of it. */
export async function readRun(database: Queryable, id: string): Promise<RunRecord | undefined> {
  return (await readRuns(database, "WHERE id = $1", id))[0];
}

async function readRuns(
  database: Queryable,
  which: string,
  parameter: string | number,
): Promise<readonly RunRecord[]> {
  try {
    const { rows } = await database.query<Record<string, unknown>>(
      `SELECT * FROM lockstep.run ${which}`,
      [parameter],
    );
    return rows.map((row) => ({
      id: row["id"] as string,
      command: row["command"] as string,
      environment: (row["environment"] as string | null) ?? undefined,
      release: (row["release"] as string | null) ?? undefined,
      actor: (row["actor"] as string | null) ?? undefined,
      host: (row["host"] as string | null) ?? undefined,
      startedAt: row["started_at"] as Date,
      finishedAt: (row["finished_at"] as Date | null) ?? undefined,
      outcome: row["outcome"] as RunRecord["outcome"],
      error: (row["error"] as RunError | null) ?? undefined,
    }));
  } catch (error) {
    // undefined_table: nothing has run here yet.
    if (sqlState(error) !== "42P01") throw error;
    return [];
  }
}

/** What the newest run of a command that has noted it has noted under a key; undefined when none has. */
export async function readRunDetail(
  database: Queryable,
  {
    command,
    environment,
    key,
  }: { readonly command: string; readonly environment: string; readonly key: string },
): Promise<{ readonly at: Date; readonly value: unknown } | undefined> {
  try {
    const { rows } = await database.query<{ at: Date; value: unknown }>(
      `SELECT started_at AS at, detail->$3 AS value FROM lockstep.run
        WHERE command = $1 AND environment = $2 AND detail ? $3 ORDER BY started_at DESC LIMIT 1`,
      [command, environment, key],
    );
    return rows[0];
  } catch (error) {
    // undefined_table
    if (sqlState(error) !== "42P01") throw error;
    return undefined;
  }
}
