import type { BatchResult, Session } from "../pg/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import { placeMark, type Cursor } from "./cursor.ts";
import type { Job, Range } from "./job.ts";
import { fillSql, inside } from "./fill.ts";
import { aheadSql, type Ahead } from "./ahead.ts";

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

/** Another worker has claimed the range, the backfill was taken back, or the table was written anew: nothing was changed. */
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
    const { rowCount } = await session.query(
      fillSql(job, range.relation, inside(job, part.from, to), inOrder),
    );
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
      [job.id, await namedRow(session, range, to), sqlstate, message],
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
      ["BEGIN", fenceSql(job, range), aheadSql(job, range, from, rows)].join(";\n"),
    );
    const what = `range ${range.number} of ${job.id}`;
    checkHeld(held!, from, what);
    const { passed, last, stands } = ahead!.rows[0] as unknown as Ahead;
    if (!stands) throw new RangeLost(what);
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

function cursorSql(cursor: Cursor | null): string {
  return cursor === null ? "NULL" : `ARRAY[${cursor.map(quoteLiteral).join(", ")}]::text[]`;
}

/** The key of a row; without one its place, and of its values enough to know it again. */
async function namedRow(session: Session, { relation, file }: Range, at: Cursor): Promise<Cursor> {
  if (file === null) return at;
  const place = at[1]!;
  const { rows } = await session.query<{ values: string }>(
    `SELECT pg_catalog.left(t::text, ${hintLength}) AS values FROM ONLY ${relation} t WHERE t.ctid = $1::pg_catalog.tid`,
    [place],
  );
  return [`${placeMark}${place.slice(1)} of ${relation}`, ...rows.map(({ values }) => values)];
}

/** Characters of a row's values. */
const hintLength = 100;
