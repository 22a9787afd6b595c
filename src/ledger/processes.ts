import { sqlState, type Queryable } from "../pg/index.ts";

/** A process as it introduces itself. */
export interface ProcessDetails {
  readonly run: string;
  /** application_name of the session through which it shows itself. */
  readonly session: string;
  readonly command: string;
  readonly environment: string | undefined;
  /** `actor@host pid 123 (command)`, for people. */
  readonly holder: string;
}

/** Who has asked a run to stop, and why. */
export interface StopAsked {
  readonly by: string;
  readonly reason?: string | undefined;
}

/** A process that works on this database, or was killed while it did. */
export interface ProcessRow extends ProcessDetails {
  /** Backend of its session. */
  readonly pid: number;
  readonly startedAt: Date;
  readonly seenAt: Date;
  /** How long ago it last said that it lives, in ms, by the server's clock. */
  readonly silentMs: number;
  /** False when its session is gone: it was killed, or cut off. */
  readonly isAlive: boolean;
  readonly doing: unknown;
  readonly stop: StopAsked | undefined;
}

/**
 * Says that a process works, on the session whose backend it is to be known by. The row of a killed one of the same run is
 * taken over.
 * @returns the server's clock, in ms since 1970
 */
export async function beginProcess(database: Queryable, process: ProcessDetails): Promise<number> {
  const { run, session, command, environment, holder } = process;
  const { rows } = await database.query<{ now: number }>(
    `INSERT INTO lockstep.process (run, session, pid, command, environment, holder)
     VALUES ($1, $2, pg_catalog.pg_backend_pid(), $3, $4, $5)
     ON CONFLICT (run) DO UPDATE SET session = EXCLUDED.session, pid = EXCLUDED.pid, seen_at = pg_catalog.now()
     RETURNING pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1000 AS now`,
    [run, session, command, environment ?? null, holder],
  );
  return rows[0]!.now;
}

/** Says what a process does now. Gives who has asked it to stop, if anybody has. */
export async function beatProcess(
  database: Queryable,
  run: string,
  doing: object,
): Promise<StopAsked | undefined> {
  const { rows } = await database.query<{ stop: StopAsked | null }>(
    "UPDATE lockstep.process SET seen_at = pg_catalog.now(), doing = $2 WHERE run = $1 RETURNING stop",
    [run, JSON.stringify(doing)],
  );
  return rows[0]?.stop ?? undefined;
}

/** Says that a process has come to its end. */
export async function endProcess(database: Queryable, run: string): Promise<void> {
  await database.query("DELETE FROM lockstep.process WHERE run = $1", [run]);
}

/**
 * Asks a run to stop where it can be resumed. Who asked first is the one that it tells.
 * @returns false when it shows itself no more
 */
export async function askToStop(
  database: Queryable,
  run: string,
  asked: StopAsked,
): Promise<boolean> {
  const { rowCount } = await database.query(
    "UPDATE lockstep.process SET stop = coalesce(stop, $2) WHERE run = $1",
    [run, JSON.stringify(asked)],
  );
  return rowCount === 1;
}

/** What works on this database, the oldest first; nothing where no ledger, or an older one, is. */
export async function readProcesses(database: Queryable): Promise<readonly ProcessRow[]> {
  try {
    const { rows } = await database.query<Record<string, unknown>>(
      `SELECT p.*, pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.seen_at) * 1000 AS silent,
         EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.pid = p.pid AND a.application_name = p.session
                    AND a.datname = pg_catalog.current_database()) AS alive
       FROM lockstep.process p ORDER BY p.started_at, p.run`,
    );
    return rows.map((row) => ({
      run: row["run"] as string,
      session: row["session"] as string,
      pid: row["pid"] as number,
      command: row["command"] as string,
      environment: (row["environment"] as string | null) ?? undefined,
      holder: row["holder"] as string,
      startedAt: row["started_at"] as Date,
      seenAt: row["seen_at"] as Date,
      silentMs: Math.max(0, row["silent"] as number),
      isAlive: row["alive"] as boolean,
      doing: row["doing"],
      stop: (row["stop"] as StopAsked | null) ?? undefined,
    }));
  } catch (error) {
    // undefined_table
    if (sqlState(error) !== "42P01") throw error;
    return [];
  }
}

/** Takes away the rows that killed processes have left. */
export async function forgetDeadProcesses(database: Queryable): Promise<void> {
  await database.query(
    `DELETE FROM lockstep.process p WHERE NOT EXISTS (
       SELECT FROM pg_catalog.pg_stat_activity a WHERE a.pid = p.pid AND a.application_name = p.session
          AND a.datname = pg_catalog.current_database())`,
  );
}
