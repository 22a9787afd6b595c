import { setTimeout as sleep } from "node:timers/promises";
import { pointInTimeRecovery, readProvider } from "../doctor/index.ts";
import { sqlState, type Session } from "../pg/index.ts";
import { snapshotFailed } from "./failures.ts";
import type { Made, MakeRequest } from "./request.ts";

const archiveWaitMs = 60_000;

/**
 * Names a moment in the WAL (`pg_create_restore_point`), to which point-in-time recovery can go back. Only with archived
 * WAL and a base backup is that a way back: the file with the name in it is switched to and waited for until the archiver
 * has it; what SQL cannot show is said to be not known.
 *
 * @throws LockstepError `snapshot-failed` where no recovery can come to that moment: archiving is off, or fails
 */
export async function makeRestorePoint(request: MakeRequest): Promise<Made> {
  const { session, name } = request;
  const provider = await readProvider(session);
  const { rows: clock } = await session.query<{ now: Date }>("SELECT pg_catalog.now() AS now");
  const truth = await pointInTimeRecovery.examine({
    database: session,
    provider,
    now: clock[0]!.now,
  });
  const danger = truth.find(({ verdict }) => verdict === "danger");
  if (danger !== undefined)
    throw snapshotFailed(
      "a restore point would be no way back here",
      [danger.found, danger.means].filter((text) => text !== undefined).join("\n"),
      [...(danger.next ?? []), "or make a dump: lockstep snapshot create --by dump"],
    );
  const { lsn, file } = await create(session, name);
  const archived = provider === undefined ? await awaitArchived(request, file) : undefined;
  const unknown = truth.filter(({ verdict }) => verdict !== "ok").map(({ found }) => found);
  return {
    place: lsn,
    says: [
      `restore point ${name} at ${lsn}, in ${file}`,
      ...(archived === undefined ? [] : [archived.text]),
    ],
    notKnown: [
      ...unknown,
      ...(archived?.isDone === true || provider !== undefined
        ? []
        : ["whether the file with the restore point is in the archive"]),
    ],
    restore: `restore a base backup from before ${name} with recovery_target_name = '${name}': the whole server goes back to it, every database`,
  };
}

async function create(session: Session, name: string) {
  try {
    const { rows } = await session.query<{ lsn: string; file: string }>(
      `SELECT lsn::text AS lsn, pg_catalog.pg_walfile_name(lsn) AS file
         FROM pg_catalog.pg_create_restore_point($1) AS lsn`,
      [name],
    );
    return rows[0]!;
  } catch (error) {
    const why: Readonly<Record<string, readonly string[]>> = {
      "42501": [
        "GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO the role, or ask who may",
      ],
      "55000": ["it is a standby, or wal_level is minimal: name the primary"],
    };
    const next = why[sqlState(error) ?? ""];
    if (next === undefined) throw error;
    throw snapshotFailed("the restore point cannot be made", (error as Error).message, next);
  }
}

/** Has the server close the WAL file that holds the name, and waits until the archiver has it. */
async function awaitArchived(
  { session, signal, archiveWaitMs: waitMs = archiveWaitMs }: MakeRequest,
  file: string,
): Promise<{ readonly isDone: boolean; readonly text: string }> {
  const isSwitched = await session.query("SELECT pg_catalog.pg_switch_wal()").then(
    () => true,
    () => false,
  );
  const began = Date.now();
  for (;;) {
    const { rows } = await session.query<{ wal: string | null; failed: string | null }>(
      "SELECT last_archived_wal AS wal, last_failed_wal AS failed FROM pg_catalog.pg_stat_archiver",
    );
    const { wal = null, failed = null } = rows[0] ?? {};
    // Names of one timeline sort by their place in the WAL (manual 30.6).
    if (wal !== null && wal.slice(0, 24) >= file)
      return { isDone: true, text: `the archive has ${file}, ${Date.now() - began} ms later` };
    if (Date.now() - began >= waitMs || !isSwitched)
      return {
        isDone: false,
        text: isSwitched
          ? `the archiver has not taken ${file} within ${Math.round(waitMs / 1_000)} s${failed === null ? "" : `; it failed with ${failed}`}`
          : `this role may not switch WAL files: ${file} is archived when it is full`,
      };
    await sleep(Math.min(500, waitMs), undefined, signal === undefined ? {} : { signal });
  }
}
