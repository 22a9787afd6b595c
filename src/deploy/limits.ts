import type { Session } from "../pg/index.ts";

/** Longest waits of a session, as the server writes times: `15s`. */
export interface Limits {
  readonly lock: string;
  readonly statement: string;
}

/**
 * Bounds what a session waits for. Only where the session is the server's own: behind a pooler the setting would stay on
 * a connection that others are given next. A pooler shows by the process id that it invents for its clients.
 */
export async function limitWaits(session: Session, { lock, statement }: Limits): Promise<void> {
  const { rows } = await session.query<{ pid: number }>(
    "SELECT pg_catalog.pg_backend_pid() AS pid",
  );
  if (rows[0]?.pid !== session.keyDataPid) return;
  await session.query(
    "SELECT pg_catalog.set_config('lock_timeout', $1, false), pg_catalog.set_config('statement_timeout', $2, false)",
    [lock, statement],
  );
}
