import type { BatchResult, Session } from "../pg/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import type { Cursor } from "./cursor.ts";
import type { Job, Range } from "./job.ts";
import { fillSql } from "./fill.ts";
import { between, keyAsText, keyList, where } from "./key.ts";

/** What one batch did. */
export interface BatchDone {
  /** Rows passed, whether they had to be changed or not. */
  readonly passed: number;
  readonly changed: number;
  readonly reached: Cursor | null;
  /** True when the range is at its end. */
  readonly atEnd: boolean;
  /** From BEGIN to the end of COMMIT. */
  readonly ms: number;
  /** Of these, for filling the rows, and for moving the cursor and COMMIT: what any statement costs now. */
  readonly fillMs: number;
  readonly commitMs: number;
}

/** Which rows of a range a batch has. */
export interface BatchPart {
  /** The cursor as this worker left it. */
  readonly from: Cursor | null;
  readonly rows: number;
}

/** Another worker has claimed the range, or the backfill was taken back: nothing was changed. */
export class RangeLost extends Error {}

/** Somebody paused the backfill: nothing was changed. */
export class BackfillPaused extends Error {}

/**
 * Fills the next `rows` rows of a range in one transaction of its own: the fence is checked and locked first, the
 * cursor is moved in the same transaction, so that after a crash at any point the cursor says exactly what is done.
 * Three round trips.
 *
 * @param inOrder as `isScannedInOrder` says of the range
 * @throws RangeLost, BackfillPaused; whatever error the server gives, after the transaction was rolled back
 */
export async function runBatch(
  session: Session,
  job: Job,
  range: Range,
  part: BatchPart,
  inOrder: boolean,
): Promise<BatchDone> {
  return advance(session, job, range, part, async (to) => {
    const inside = between(job.key, "t", part.from, to);
    const { rowCount } = await session.query(fillSql(job, inside, inOrder));
    return rowCount ?? 0;
  });
}

/** Passes the next row of a range by, and writes down why: it is reported and keeps the backfill from ending. */
export async function rejectRow(
  session: Session,
  job: Job,
  range: Range,
  from: Cursor | null,
  { sqlstate, message }: { readonly sqlstate: string; readonly message: string },
): Promise<BatchDone> {
  return advance(session, job, range, { from, rows: 1 }, async (to) => {
    await session.query(
      "INSERT INTO lockstep.backfill_reject (backfill, key, sqlstate, message) VALUES ($1, $2, $3, $4) ON CONFLICT (backfill, key) DO UPDATE SET sqlstate = EXCLUDED.sqlstate, message = EXCLUDED.message, at = EXCLUDED.at",
      [job.id, to, sqlstate, message],
    );
    return 0;
  });
}

/** What is done with the rows up to a key; gives how many were changed. */
type Action = (to: Cursor) => Promise<number>;

async function advance(
  session: Session,
  job: Job,
  range: Range,
  { from, rows }: BatchPart,
  action: Action,
): Promise<BatchDone> {
  const started = performance.now();
  try {
    const [, held, ahead] = await session.batch(
      ["BEGIN", fenceSql(job, range), aheadSql(job, from, range.upto, rows)].join(";\n"),
    );
    checkHeld(held!, from, `range ${range.number} of ${job.id}`);
    const { passed, last } = ahead!.rows[0] as { passed: number; last: string[] | null };
    // Only the last range of a table has no end of its own; what comes behind it later is written by triggers.
    const reached = last ?? from;
    const atEnd = passed < rows;
    const looked = performance.now();
    const changed = last === null ? 0 : await action(last);
    const filled = performance.now();
    await session.batch(
      `UPDATE lockstep.backfill_range SET reached = ${cursorSql(reached)}, passed = passed + ${passed}, changed = changed + ${changed},
              done = ${atEnd}, seen_at = pg_catalog.now()
        WHERE backfill = ${quoteLiteral(job.id)} AND number = ${range.number};
       COMMIT`,
    );
    const now = performance.now();
    const times = { ms: now - started, fillMs: filled - looked, commitMs: now - filled };
    return { passed, changed, reached, atEnd, ...times };
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

function fenceSql({ id }: Job, { number, fence }: Range): string {
  return `SELECT r.reached, b.state FROM lockstep.backfill_range r JOIN lockstep.backfill b ON b.id = r.backfill
    WHERE r.backfill = ${quoteLiteral(id)} AND r.number = ${number} AND r.fence = ${fence} AND NOT r.done FOR NO KEY UPDATE OF r`;
}

function checkHeld({ rows }: BatchResult, from: Cursor | null, what: string): void {
  const [mine] = rows as readonly { reached: string[] | null; state: string }[];
  if (mine === undefined || JSON.stringify(mine.reached) !== JSON.stringify(from))
    throw new RangeLost(what);
  if (mine.state === "paused") throw new BackfillPaused(what);
}

/** How many of the next `rows` keys there are, and the last of them. */
function aheadSql({ table, key }: Job, from: Cursor | null, to: Cursor | null, rows: number) {
  return `WITH ahead AS MATERIALIZED (SELECT ${keyList(key, "t")} FROM ${table} t ${where(between(key, "t", from, to))} ORDER BY ${keyList(key, "t")} LIMIT ${rows})
    SELECT (SELECT count(*)::integer FROM ahead) AS passed,
           (SELECT ${keyAsText(key, "a")} FROM ahead a ORDER BY ${keyList(key, "a", "DESC")} LIMIT 1) AS last`;
}

function cursorSql(cursor: Cursor | null): string {
  return cursor === null ? "NULL" : `ARRAY[${cursor.map(quoteLiteral).join(", ")}]::text[]`;
}
