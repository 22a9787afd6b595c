import { sqlState, type Session } from "../pg/index.ts";
import type { Cursor } from "./cursor.ts";
import { isOfRow } from "./failure.ts";
import { fillSql } from "./fill.ts";
import type { Job } from "./job.ts";
import { isAt, type RowKey } from "./key.ts";
import { beginPass, lockPass } from "./pass.ts";

/** What became of the rows that stood rejected. */
export interface Retried {
  /** Filled now, filled meanwhile by somebody else, gone; without a key: to be gone through again. */
  readonly settled: number;
  readonly rejected: number;
}

/**
 * Tries the rejected rows again, each in a transaction of its own: the data or the expression may have been put right.
 * A row without a key is at another place since somebody has put it right: the backfill goes through the table again.
 *
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

async function retry(
  session: Session,
  job: Job & { readonly key: RowKey },
  key: Cursor,
): Promise<boolean> {
  await session.query("BEGIN");
  try {
    await session.query(
      "DELETE FROM lockstep.backfill_reject WHERE backfill = $1 AND key = $2::text[]",
      [job.id, key],
    );
    await session.query(fillSql(job, job.table, [isAt(job.key, "t", key)], true));
    await session.query("COMMIT");
    return true;
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    if (!isOfRow(error)) throw error;
    await session.query(
      "UPDATE lockstep.backfill_reject SET sqlstate = $3, message = $4, at = pg_catalog.now() WHERE backfill = $1 AND key = $2::text[]",
      [job.id, key, sqlState(error), (error as Error).message],
    );
    return false;
  }
}
