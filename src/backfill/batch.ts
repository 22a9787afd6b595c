import type { Session } from "../pg/index.ts";
import { compareKey, keyAsText, keyList, type RowKey } from "./key.ts";
import type { Cursor, Job, Range } from "./job.ts";

/** What one batch did. */
export interface BatchDone {
  /** Rows passed, whether they had to be changed or not. */
  readonly passed: number;
  readonly changed: number;
  readonly reached: Cursor | null;
  /** True when the range is at its end. */
  readonly atEnd: boolean;
  readonly ms: number;
}

/** Another worker has claimed the range, or the backfill was taken back: nothing was changed. */
export class RangeLost extends Error {}

/** Somebody paused the backfill: nothing was changed. */
export class BackfillPaused extends Error {}

/**
 * Fills the next `rows` rows of a range in one transaction of its own: the fence is checked and locked first, the
 * cursor is moved in the same transaction, so that after a crash at any point the cursor says exactly what is done.
 * Rows are locked in the order of the key, as applications that touch several usually do.
 *
 * @throws RangeLost, BackfillPaused; whatever error the server gives, after the transaction was rolled back
 */
export async function runBatch(
  session: Session,
  job: Job,
  range: Range,
  rows: number,
): Promise<BatchDone> {
  return advance(session, job, range, rows, (from, to) => fill(session, job, from, to));
}

/** Passes the next row of a range by, and writes down why: it is reported and keeps the backfill from ending. */
export async function rejectRow(
  session: Session,
  job: Job,
  range: Range,
  { sqlstate, message }: { readonly sqlstate: string; readonly message: string },
): Promise<BatchDone> {
  return advance(session, job, range, 1, async (_, to) => {
    await session.query(
      "INSERT INTO lockstep.backfill_reject (backfill, key, sqlstate, message) VALUES ($1, $2, $3, $4) ON CONFLICT (backfill, key) DO UPDATE SET sqlstate = EXCLUDED.sqlstate, message = EXCLUDED.message, at = EXCLUDED.at",
      [job.id, to, sqlstate, message],
    );
    return 0;
  });
}

/** What is done with the rows after one key, up to another; gives how many were changed. */
type Action = (from: Cursor | null, to: Cursor) => Promise<number>;

async function advance(
  session: Session,
  job: Job,
  range: Range,
  rows: number,
  action: Action,
): Promise<BatchDone> {
  const started = performance.now();
  await session.query("BEGIN");
  try {
    const done = await inTransaction(session, job, range, rows, action);
    await session.query("COMMIT");
    return { ...done, ms: performance.now() - started };
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function inTransaction(
  session: Session,
  job: Job,
  { number, fence, upto }: Range,
  rows: number,
  action: Action,
): Promise<Omit<BatchDone, "ms">> {
  const { rows: held } = await session.query<{ reached: string[] | null; state: string }>(
    `SELECT r.reached, b.state FROM lockstep.backfill_range r JOIN lockstep.backfill b ON b.id = r.backfill
      WHERE r.backfill = $1 AND r.number = $2 AND r.fence = $3 AND NOT r.done FOR NO KEY UPDATE OF r`,
    [job.id, number, fence],
  );
  const [mine] = held;
  if (mine === undefined) throw new RangeLost(`range ${number} of ${job.id}`);
  if (mine.state === "paused") throw new BackfillPaused(job.id);
  const { passed, last } = await lookAhead(session, job, mine.reached, upto, rows);
  // Only the last range of a table has no end of its own; what comes behind it later is written by triggers.
  const reached = last ?? mine.reached;
  const atEnd = passed < rows;
  const changed = last === null ? 0 : await action(mine.reached, last);
  await session.query(
    "UPDATE lockstep.backfill_range SET reached = $3, passed = passed + $4, changed = changed + $5, done = $6, seen_at = pg_catalog.now() WHERE backfill = $1 AND number = $2",
    [job.id, number, reached, passed, changed, atEnd],
  );
  return { passed, changed, reached, atEnd };
}

/** How many of the next `rows` keys there are, and the last of them. */
async function lookAhead(
  session: Session,
  { table, key }: Job,
  from: Cursor | null,
  upto: Cursor | null,
  rows: number,
): Promise<{ readonly passed: number; readonly last: Cursor | null }> {
  const { conditions, values } = between(key, from, upto, [rows]);
  const { rows: found } = await session.query<{ passed: number; last: string[] | null }>(
    `WITH ahead AS MATERIALIZED (SELECT ${keyList(key, "t")} FROM ${table} t ${whereAll(conditions)} ORDER BY ${keyList(key, "t")} LIMIT $1)
     SELECT (SELECT count(*)::integer FROM ahead) AS passed,
            (SELECT ${keyAsText(key, "a")} FROM ahead a ORDER BY ${keyList(key, "a", "DESC")} LIMIT 1) AS last`,
    values,
  );
  return found[0]!;
}

/**
 * The rows are joined by their key, not by their place: a row that somebody changed after this statement's snapshot
 * has moved, and is found again only by what the snapshot knows of it. Both sides are bounded, so that no plan reads
 * the whole table.
 */
async function fill(
  session: Session,
  { table, key, set, todo }: Job,
  from: Cursor | null,
  to: Cursor,
): Promise<number> {
  const { conditions, values } = between(key, from, to, []);
  const same = `ROW(${keyList(key, "t")}) = ROW(${keyList(key, "b")})`;
  const { rowCount } = await session.query(
    `WITH b AS MATERIALIZED (SELECT ${keyList(key, "t")} FROM ${table} t WHERE ${[...conditions, todo].join(" AND ")} ORDER BY ${keyList(key, "t")} FOR NO KEY UPDATE)
     UPDATE ${table} t SET ${set} FROM b WHERE ${[same, ...conditions].join(" AND ")}`,
    values,
  );
  return rowCount ?? 0;
}

/** Conditions on alias `t` that hold for keys after `from` up to `to`, and the parameters after those given. */
function between(
  key: RowKey,
  from: Cursor | null,
  to: Cursor | null,
  given: readonly unknown[],
): { readonly conditions: readonly string[]; readonly values: readonly unknown[] } {
  const conditions: string[] = [];
  const values: unknown[] = [...given];
  for (const [operator, cursor] of [
    [">", from],
    ["<=", to],
  ] as const)
    if (cursor !== null) {
      values.push(cursor);
      conditions.push(compareKey(key, "t", operator, values.length));
    }
  return { conditions, values };
}

function whereAll(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
}
