import type { Emit } from "../events/index.ts";
import type { Session } from "../pg/index.ts";
import type { Job } from "./job.ts";
import { beginPass, lockPass } from "./pass.ts";
import { verifyBackfill } from "./verify.ts";

/**
 * Counts what a pass has left, and begins another one when rows are left that were not rejected. That goes on as long as
 * each leaves less than half of what the one before did: then rows come all the time, and no pass finds the last.
 *
 * @returns true when there is more to do, begun here or by another process
 */
export async function goesOn(session: Session, job: Job, emit: Emit): Promise<boolean> {
  const before = await look(session, job);
  if (before === undefined) return false;
  if (!before.isOver) return true;
  const { left } = await verifyBackfill(session, job);
  const { pass, rejected } = before;
  const missing = left - rejected;
  if (missing <= 0) return false;
  const isHopeless = pass.left !== null && missing > pass.left / 2;
  const what = `${missing} rows of ${job.table} are still to be filled after pass ${pass.number} over it`;
  const why = "they were written or moved meanwhile, and no trigger has filled them";
  emit({
    type: "notice",
    severity: "warning",
    message: `${what}: ${why}; ${isHopeless ? "no other pass is made" : "another pass follows"}`,
  });
  if (isHopeless) return false;
  await session.query("BEGIN");
  try {
    const now = await lockPass(session, job);
    if (now?.number === pass.number) await beginPass(session, job, now, missing);
    await session.query("COMMIT");
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
  return true;
}

/** The pass that a backfill is in, and whether all of it is done; undefined for a backfill that is done or gone. */
async function look(session: Session, { id }: Job) {
  const { rows } = await session.query<{
    pass: NonNullable<Awaited<ReturnType<typeof lockPass>>>;
    isOver: boolean;
    rejected: number;
  }>(
    `SELECT b.pass, (SELECT count(*)::integer FROM lockstep.backfill_reject WHERE backfill = b.id) AS rejected,
            b.exhausted AND NOT EXISTS (SELECT FROM lockstep.backfill_range WHERE backfill = b.id AND NOT done) AS "isOver"
       FROM lockstep.backfill b WHERE id = $1 AND state <> 'done'`,
    [id],
  );
  return rows[0];
}
