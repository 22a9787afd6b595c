import type { Queryable, Session } from "../pg/index.ts";
import { quoteLiteral } from "../sql/index.ts";

/** Who may change this database now. */
export interface Lease {
  /** Rises by one with each holder; what an earlier holder still tries to record is refused. */
  readonly fence: number;
  readonly run: string | undefined;
  /** `actor@host pid 123, command, since`: for people. Undefined when nobody holds it. */
  readonly holder: string | undefined;
  readonly pid: number | undefined;
  readonly acquiredAt: Date | undefined;
  /** Last heartbeat. */
  readonly seenAt: Date | undefined;
  /** Whether the holder's session still has the lock; a killed runner leaves its name and loses the lock. */
  readonly held: boolean;
}

const name = "run";

/**
 * Tries to get the session lock that one runner a database holds. Never waits: a waiting lock holds a snapshot that
 * a concurrent index build of the holder would wait for in turn.
 */
export async function tryRunLock(database: Queryable): Promise<boolean> {
  const { rows } = await database.query<{ got: boolean }>(
    "SELECT pg_catalog.pg_try_advisory_lock(1280, 2) AS got",
  );
  return rows[0]?.got === true;
}

/**
 * Moves the fence: from now on nothing that an earlier holder sends can be recorded. Waits, up to a second, for a
 * transaction of an earlier holder that has already passed its fence.
 * @returns the new fence, or undefined when such a transaction still runs
 */
export async function takeLease(
  session: Session,
  holder: { readonly run: string; readonly holder: string },
): Promise<number | undefined> {
  const set = `run = ${quoteLiteral(holder.run)}, holder = ${quoteLiteral(holder.holder)}`;
  try {
    const results = await session.batch(
      [
        "BEGIN",
        "SET LOCAL lock_timeout = '1s'",
        `INSERT INTO lockstep.lease (name, fence) VALUES ('${name}', 0) ON CONFLICT (name) DO NOTHING`,
        // FOR UPDATE, because an ordinary update would pass by the FOR KEY SHARE of `fenceSql`.
        `SELECT FROM lockstep.lease WHERE name = '${name}' FOR UPDATE`,
        `UPDATE lockstep.lease SET fence = fence + 1, pid = pg_catalog.pg_backend_pid(), acquired_at = pg_catalog.now(), seen_at = pg_catalog.now(), ${set} WHERE name = '${name}' RETURNING fence`,
        "COMMIT",
      ].join(";\n"),
    );
    return Number(results[4]!.rows[0]!["fence"]);
  } catch (error) {
    await session.query("ROLLBACK");
    if ((error as { code?: string }).code === "55P03") return undefined;
    throw error;
  }
}

/** The heartbeat. False when the fence has moved on: somebody else holds the lease. */
export async function beatLease(database: Queryable, fence: number): Promise<boolean> {
  const { rowCount } = await database.query(
    `UPDATE lockstep.lease SET seen_at = pg_catalog.now() WHERE name = '${name}' AND fence = $1`,
    [fence],
  );
  return rowCount === 1;
}

/** Says that nobody holds the lease any more. The fence stays. */
export async function leaveLease(database: Queryable, fence: number): Promise<void> {
  await database.query(
    `UPDATE lockstep.lease SET run = NULL, holder = NULL, pid = NULL, seen_at = pg_catalog.now() WHERE name = '${name}' AND fence = $1`,
    [fence],
  );
}

/** The lease as it stands; undefined when no run was ever made here (the ledger may even be absent). */
export async function readLease(database: Queryable): Promise<Lease | undefined> {
  const there = await database.query<{ there: boolean }>(
    "SELECT pg_catalog.to_regclass('lockstep.lease') IS NOT NULL AS there",
  );
  if (there.rows[0]?.there !== true) return undefined;
  const { rows } = await database.query<Record<string, never>>(
    `SELECT fence, run, holder, pid, acquired_at, seen_at, EXISTS (
       SELECT FROM pg_catalog.pg_locks k WHERE k.pid = l.pid AND k.granted AND k.locktype = 'advisory' AND k.classid = 1280 AND k.objid = 2
         AND k.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())) AS held
     FROM lockstep.lease l WHERE name = '${name}'`,
  );
  const row = rows[0] as Record<string, unknown> | undefined;
  if (row === undefined) return undefined;
  return {
    fence: Number(row["fence"]),
    run: (row["run"] as string | null) ?? undefined,
    holder: (row["holder"] as string | null) ?? undefined,
    pid: (row["pid"] as number | null) ?? undefined,
    acquiredAt: (row["acquired_at"] as Date | null) ?? undefined,
    seenAt: (row["seen_at"] as Date | null) ?? undefined,
    held: row["held"] === true,
  };
}

/**
 * An expression that is the fence while it is still ours, and null after: written into a NOT NULL column it makes a
 * late writer fail. The row lock (FOR KEY SHARE: heartbeats pass it) keeps the fence where it is until the
 * transaction ends, so that a transaction is either refused or finished before the next holder begins.
 */
export function fenceSql(fence: number): string {
  return `(SELECT fence FROM lockstep.lease WHERE name = '${name}' AND fence = ${fence} FOR KEY SHARE)`;
}

/** True for the error that `fenceSql` makes of a late writer. */
export function isFenceError(error: unknown): boolean {
  const { code, schema, column } = (error ?? {}) as Record<string, unknown>;
  return code === "23502" && schema === "lockstep" && column === "fence";
}
