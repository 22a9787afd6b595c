import { setTimeout as sleep } from "node:timers/promises";
import { sqlState, type Session } from "../pg/index.ts";
import type { Cursor } from "./cursor.ts";
import { isOfRow, isTemporary } from "./failure.ts";
import { fillSql } from "./fill.ts";
import type { Job } from "./job.ts";
import { isAt, type RowKey } from "./key.ts";
import { beginPass, lockPass } from "./pass.ts";
import { sessionSettings } from "./session-settings.ts";

/** What became of the rows that stood rejected. */
export interface Retried {
  /** Filled now, filled meanwhile by somebody else, gone; without a key: to be gone through again. */
  readonly settled: number;
  readonly rejected: number;
}

/**
 * Tries the rejected rows again, each in a transaction of its own: the data or the expression may have been put right.
 * Others may do the same at the same time: each row is visited by one of them. A row that somebody else keeps locked
 * stays rejected, and says so. A row without a key is at another place since somebody has put it right: the backfill goes through
 * the table again.
 *
 * @param session it gets the settings of a worker's
 * @throws errors that say something of others than the row; what was settled until then stays so
 */
export async function retryRejected(session: Session, job: Job): Promise<Retried> {
  const { rows } = await session.query<{ key: string[] }>(
    "SELECT key FROM lockstep.backfill_reject WHERE backfill = $1 ORDER BY at, key",
    [job.id],
  );
  const { key: by } = job;
  if (by === null) {
    await passAgain(session, job);
    return { settled: rows.length, rejected: 0 };
  }
  await session.batch(sessionSettings(job));
  let settled = 0;
  for (const { key } of rows) if (await retry(session, { ...job, key: by }, key)) settled++;
  return { settled, rejected: rows.length - settled };
}

async function passAgain(session: Session, job: Job): Promise<void> {
  await session.query("BEGIN");
  try {
    const pass = await lockPass(session, job);
    if (pass !== undefined) await beginPass(session, job, pass, null);
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** How often a row is tried that somebody else has locked, and how long after each time, in ms. */
const attempts = 3;
const restMs = 200;

type KeyedJob = Job & { readonly key: RowKey };

/** @returns true when the row is rejected no more */
async function retry(session: Session, job: KeyedJob, key: Cursor): Promise<boolean> {
  for (let attempt = 1; ; attempt++)
    try {
      await fillRejected(session, job, key);
      return true;
    } catch (error) {
      const isInTheWay = isTemporary(error);
      if (!isInTheWay && !isOfRow(error)) throw error;
      if (!isInTheWay || attempt === attempts) {
        await noteReason(session, job, key, error);
        return false;
      }
      await sleep(restMs);
    }
}

async function fillRejected(session: Session, job: KeyedJob, key: Cursor): Promise<void> {
  await session.query("BEGIN");
  try {
    const { rowCount } = await session.query(
      "DELETE FROM lockstep.backfill_reject WHERE backfill = $1 AND key = $2::text[]",
      [job.id, key],
    );
    // Otherwise somebody else has filled it meanwhile.
    if (rowCount === 1)
      await session.query(fillSql(job, job.table, [isAt(job.key, "t", key)], true));
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** Who else tries the row at this moment notes a reason of its own. */
async function noteReason(session: Session, job: KeyedJob, key: Cursor, why: unknown) {
  try {
    await session.query(
      "UPDATE lockstep.backfill_reject SET sqlstate = $3, message = $4, at = pg_catalog.now() WHERE backfill = $1 AND key = $2::text[]",
      [job.id, key, sqlState(why), (why as Error).message],
    );
  } catch (error) {
    if (!isTemporary(error)) throw error;
  }
}
