import { version } from "../errors/index.ts";
import type { Queryable } from "../pg/index.ts";

/** Who runs what for which release; all of it for people. */
export interface RunDetails {
  readonly id: string;
  readonly command: string;
  readonly environment?: string | undefined;
  readonly release?: string | undefined;
  readonly gitCommit?: string | undefined;
  readonly actor: string;
  readonly host: string;
  /** What else is to be kept, e.g. why a migration was resolved by force. */
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Writes the run's row, or gives the row its caller has already written (deploy) the fence. Runs that held an
 * earlier fence and never finished are marked lost: their holder is gone, or we would not have the lock.
 * @returns false when the row is the caller's, who is to finish it
 */
export async function startRun(
  database: Queryable,
  run: RunDetails,
  fence: number,
): Promise<boolean> {
  await database.query(
    "UPDATE lockstep.run SET outcome = 'lost', finished_at = pg_catalog.now() WHERE outcome = 'running' AND fence < $1 AND id <> $2",
    [fence, run.id],
  );
  const { rows } = await database.query<{ own: boolean }>(
    `INSERT INTO lockstep.run (id, command, environment, release, git_commit, actor, host, version, fence, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO UPDATE SET fence = EXCLUDED.fence
     RETURNING xmax = 0 AS own`,
    [
      run.id,
      run.command,
      run.environment,
      run.release,
      run.gitCommit,
      run.actor,
      run.host,
      version(),
      fence,
      run.detail === undefined ? null : JSON.stringify(run.detail),
    ],
  );
  return rows[0]!.own;
}

/** Adds to what is kept of a run beside its outcome. */
export async function noteRun(
  database: Queryable,
  run: string,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  await database.query(
    "UPDATE lockstep.run SET detail = coalesce(detail, '{}'::jsonb) || $2 WHERE id = $1",
    [run, JSON.stringify(detail)],
  );
}

/** The run's end. `error` holds what was told to the person, without secrets. */
export async function finishRun(
  database: Queryable,
  run: string,
  outcome: "succeeded" | "failed" | "stopped" | "lost",
  error?: { readonly code: string; readonly what: string; readonly found?: string | undefined },
): Promise<void> {
  await database.query(
    "UPDATE lockstep.run SET outcome = $2, error = $3, finished_at = pg_catalog.now() WHERE id = $1 AND outcome = 'running'",
    [run, outcome, error === undefined ? null : JSON.stringify(error)],
  );
}
