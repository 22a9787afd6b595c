import type { Session } from "../pg/index.ts";

/** Of names of databases that are made on a server given by URL: who made it, as the server knows its sessions. */
const form = /^lockstep_scratch_(\d+)_(\d+)_[0-9a-f]{8}$/;

/**
 * What tells a session of a server from all others, before and after it: its process and when that began, as a part of names. Undefined
 * behind a pooler, which may give the process to others: what is named without it is not taken for left behind.
 */
export async function sessionMark(session: Session): Promise<string | undefined> {
  const { rows } = await session.query<{ pid: number; mark: string }>(
    `SELECT pid, pid || '_' || (extract(epoch FROM backend_start) * 1000000)::bigint AS mark
       FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()`,
  );
  const [own] = rows;
  return own === undefined || own.pid !== session.keyDataPid ? undefined : own.mark;
}

/**
 * Drops databases of processes that were killed before they could do so themselves: the session that made them is gone, and nobody is
 * connected. What this role may not drop stays.
 *
 * @param session on the same server
 */
export async function dropLeftBehind(session: Session): Promise<void> {
  const { rows } = await session.query<{ name: string }>(
    `SELECT d.datname AS name FROM pg_catalog.pg_database d
      WHERE starts_with(d.datname, 'lockstep_scratch_')
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)`,
  );
  for (const { name } of rows) {
    const [, pid, began] = form.exec(name) ?? [];
    if (pid === undefined || (await isThere(session, pid, began!))) continue;
    // Refused when somebody has connected, when another process drops it, or when it is another role's.
    await session.query(`DROP DATABASE IF EXISTS "${name}"`).catch(() => {});
  }
}

/** A role that may not see when another's session began sees that there is one: that counts. */
async function isThere(session: Session, pid: string, began: string): Promise<boolean> {
  const { rowCount } = await session.query(
    `SELECT FROM pg_catalog.pg_stat_activity
      WHERE pid = $1 AND ((extract(epoch FROM backend_start) * 1000000)::bigint = $2 OR backend_start IS NULL)`,
    [pid, began],
  );
  return rowCount !== 0;
}
