import { LockstepError } from "../errors/index.ts";
import type { Emit } from "../events/index.ts";
import type { Session } from "../pg/index.ts";
import { maskLiterals } from "../sql/index.ts";
import { pause } from "./pause.ts";
import { workerPattern } from "./session-names.ts";

/** A session that an earlier run left behind in this database. */
interface Orphan {
  readonly pid: number;
  readonly application: string;
  /** Null when this role may not see it. */
  readonly state: string | null;
  readonly query: string | null;
}

/**
 * Waits until no session of an earlier run does anything in this database. Only to be called by the holder of the
 * lock: then no such session can belong to a run that goes on. An idle one is ended, for its runner may wake
 * and send a statement that no fence can hold back; one at work is left to finish.
 *
 * @param deadline Date.now() of the latest end
 * @throws LockstepError `orphan-still-running`
 */
export async function awaitOrphans(
  session: Session,
  deadline: number,
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  let told = false;
  for (;;) {
    const orphans = await readOrphans(session);
    if (orphans.length === 0) return;
    const idle = orphans.filter(({ state }) => state === "idle");
    // Without the right to end it we can only wait for it, as for one at work.
    for (const { pid } of idle) await endIdle(session, pid).catch(() => {});
    const busy = orphans.find(({ state }) => state !== "idle");
    if (busy !== undefined && !told) {
      told = true;
      emit({
        type: "notice",
        severity: "warning",
        message: `waiting for backend ${busy.pid} of an earlier run (${busy.application}) that is still at work`,
      });
    }
    if (Date.now() >= deadline) throw await orphanError(session);
    await pause(100, signal);
  }
}

/** The error that names the first session an earlier run left behind. */
export async function orphanError(session: Session): Promise<LockstepError> {
  const orphan = (await readOrphans(session))[0];
  const query = orphan?.query ? await maskLiterals(orphan.query) : "a query this role may not see";
  return new LockstepError("orphan-still-running", {
    what: "a session of an earlier, killed run is still at work in this database",
    expected: "nothing of an earlier run at work",
    found:
      orphan === undefined
        ? "a transaction that holds the lease (a prepared transaction, or a session this role may not see)"
        : `backend ${orphan.pid} (${orphan.application}), ${orphan.state ?? "state unknown"}: ${query}`,
    from: "pg_stat_activity",
    why: "its runner was killed or cut off in the middle of a statement, and the server has not noticed or cannot stop",
    next: [
      "wait for it to end, then run the same command again",
      orphan === undefined
        ? "look for it: SELECT * FROM pg_prepared_xacts"
        : `or end it: SELECT pg_terminate_backend(${orphan.pid})`,
    ],
  });
}

async function readOrphans(session: Session): Promise<readonly Orphan[]> {
  const { rows } = await session.query<Orphan & Record<string, unknown>>(
    `SELECT pid, application_name AS application, state, query FROM pg_catalog.pg_stat_activity
     WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid() AND application_name ~ $1
     ORDER BY backend_start`,
    [workerPattern],
  );
  return rows;
}

/** Ends the session only if it is still the idle one that was read. */
async function endIdle(session: Session, pid: number): Promise<void> {
  await session.query(
    "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND state = 'idle' AND application_name ~ $2",
    [pid, workerPattern],
  );
}
