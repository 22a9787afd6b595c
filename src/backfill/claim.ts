import type { Session } from "../pg/index.ts";
import type { Cursor } from "./cursor.ts";
import { between, keyAsText, keyList, where, type RowKey } from "./key.ts";
import type { Holder, Job, Range } from "./job.ts";
import type { Pass } from "./pass.ts";
import { nextPlaces, standingFile, type NextRange } from "./next-places.ts";
import { placeOf } from "./place.ts";

/** What there is to do for a worker. */
export type Claim =
  | { readonly kind: "range"; readonly range: Range }
  /** Others work on the last ranges. */
  | { readonly kind: "wait" }
  | { readonly kind: "done" }
  | { readonly kind: "paused" };

/** A holder that has not been heard of for so long has lost its range, even when its session is still there. */
const silentSeconds = 30;

/**
 * Takes the next range: one whose worker is gone, or else the next rows of the table. Workers of several machines can
 * ask at once; the job's row is locked for as long as it takes.
 *
 * @param rows how many rows a new range has
 */
export async function claimRange(
  session: Session,
  job: Job,
  holder: Holder,
  rows: number,
): Promise<Claim> {
  await session.query("BEGIN");
  try {
    const claim = await claimLocked(session, job, holder, rows);
    await session.query("COMMIT");
    return claim;
  } catch (error) {
    await session.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function claimLocked(
  session: Session,
  job: Job,
  holder: Holder,
  rows: number,
): Promise<Claim> {
  const { rows: jobs } = await session.query<Walk & { readonly state: string }>(
    "SELECT state, frontier, exhausted, pass FROM lockstep.backfill WHERE id = $1 FOR UPDATE",
    [job.id],
  );
  const [found] = jobs;
  if (found === undefined || found.state === "done") return { kind: "done" };
  if (found.state === "paused") return { kind: "paused" };
  const { range, walk } = await takeOver(session, job, holder, found);
  if (range !== undefined) return { kind: "range", range };
  const next = walk.exhausted ? undefined : await nextRange(session, job, holder, walk, rows);
  if (next !== undefined) return { kind: "range", range: next };
  const { rows: open } = await session.query(
    "SELECT FROM lockstep.backfill_range WHERE backfill = $1 AND NOT done LIMIT 1",
    [job.id],
  );
  return open.length > 0 ? { kind: "wait" } : { kind: "done" };
}

/** How far ranges have been made. */
interface Walk {
  readonly frontier: Cursor | null;
  readonly exhausted: boolean;
  /** Null with a key. */
  readonly pass: Pass | null;
}

type RangeRow = Pick<Range, "number" | "fence" | "reached" | "upto">;

/** An open range without a living worker, or one that this worker left when it stopped. A batch that still runs keeps its range's row locked: it is passed by. */
async function takeOver(
  session: Session,
  job: Job,
  holder: Holder,
  found: Walk,
): Promise<{ readonly range: Range | undefined; readonly walk: Walk }> {
  let walk = found;
  for (;;) {
    const { rows } = await session.query<RangeRow>(
      `UPDATE lockstep.backfill_range r SET fence = fence + 1, holder = $2, session = $3, seen_at = pg_catalog.now()
        WHERE backfill = $1 AND number = (
          SELECT number FROM lockstep.backfill_range c
           WHERE c.backfill = $1 AND NOT c.done
             AND (c.session IS NULL OR c.session = $3 OR c.seen_at < pg_catalog.now() - make_interval(secs => ${silentSeconds})
               OR NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE ${sessionSql("a")} = c.session))
           ORDER BY number LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING number, fence, reached, upto`,
      [job.id, holder.name, holder.session],
    );
    const [row] = rows;
    if (row === undefined) return { range: undefined, walk };
    if (walk.pass === null) return { range: { ...row, relation: job.table, file: null }, walk };
    const { file } = placeOf(row.upto!);
    const { pass, now } = await standingFile(session, job, walk.pass, file);
    if (now !== undefined) return { range: { ...row, relation: now.relation, file: now }, walk };
    walk = { ...walk, pass, exhausted: false };
  }
}

/** The next `rows` rows behind the frontier; undefined when there are none. */
async function nextRange(
  session: Session,
  job: Job,
  holder: Holder,
  { frontier, pass }: Walk,
  rows: number,
): Promise<Range | undefined> {
  const { key, id } = job;
  const next =
    key === null
      ? await nextPlaces(session, job, pass!, frontier, rows)
      : await nextKeys(session, job.table, key, frontier, rows);
  await session.query("UPDATE lockstep.backfill SET frontier = $2, exhausted = $3 WHERE id = $1", [
    id,
    next?.upto ?? null,
    isLast(next?.upto ?? null, key),
  ]);
  if (next === undefined) return undefined;
  const { above, upto, relation, file } = next;
  const { rows: made } = await session.query<RangeRow>(
    `INSERT INTO lockstep.backfill_range (backfill, number, above, reached, upto, holder, session)
     SELECT $1, coalesce(max(number), 0) + 1, $2, $2, $3, $4, $5 FROM lockstep.backfill_range WHERE backfill = $1
     RETURNING number, fence, reached, upto`,
    [id, above, upto, holder.name, holder.session],
  );
  return { ...made[0]!, relation, file };
}

/** Whether no range comes behind this end: it is that of the key's order, or of what the backfill goes through. */
function isLast(upto: Cursor | null, key: RowKey | null): boolean {
  return upto === null || JSON.stringify(upto) === JSON.stringify(key?.last);
}

async function nextKeys(
  session: Session,
  table: string,
  key: RowKey,
  frontier: Cursor | null,
  rows: number,
): Promise<NextRange> {
  const end = key.last ?? null;
  const { rows: ends } = await session.query<{ last: string[] }>(
    `SELECT ${keyAsText(key, "t")} AS last FROM ${table} t ${where(between(key, "t", frontier, end))} ORDER BY ${keyList(key, "t")} OFFSET $1 LIMIT 1`,
    [rows - 1],
  );
  return { above: frontier, upto: ends[0]?.last ?? end, relation: table, file: null };
}

/** Says that a range's worker lives, although it does no batch now. */
export async function beat(session: Session, job: Job, { number, fence }: Range): Promise<void> {
  await session.query(
    "UPDATE lockstep.backfill_range SET seen_at = pg_catalog.now() WHERE backfill = $1 AND number = $2 AND fence = $3",
    [job.id, number, fence],
  );
}

/** Gives a range back, so that another worker can take it at once. */
export async function release(session: Session, job: Job, range: Range): Promise<void> {
  await session.query(
    "UPDATE lockstep.backfill_range SET session = NULL WHERE backfill = $1 AND number = $2 AND fence = $3",
    [job.id, range.number, range.fence],
  );
}

/** Names a session so that no later one with the same process id is taken for it. */
export function sessionSql(alias: string): string {
  return `${alias}.pid || ' ' || ${alias}.backend_start`;
}
