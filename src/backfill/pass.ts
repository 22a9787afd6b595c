import type { Queryable, Session } from "../pg/index.ts";
import { estimatedRows } from "./estimate.ts";
import type { Job } from "./job.ts";
import { filesOf, type FoundFile, type TableFile } from "./place.ts";

/**
 * One time through a table by the place of its rows. A row keeps no place: one that somebody updates is afterwards
 * elsewhere, ahead or behind. Where triggers keep rows filled, it is filled by then; what else is left a count finds, and
 * another pass fills it.
 */
export interface Pass {
  /** 1 for the first. */
  readonly number: number;
  /** In the order in which they are gone through. */
  readonly files: readonly TableFile[];
  /** Rows in a block of them, as the planner thinks. */
  readonly density: number;
  /** Rows that the one before has left; null when that was not counted. */
  readonly left: number | null;
}

/** The first pass over a table as it is now. */
export async function firstPass(database: Queryable, table: string, rows: number): Promise<Pass> {
  return passOver(await filesOf(database, table), { number: 1, rows, left: null });
}

function passOver(
  found: readonly FoundFile[],
  { number, rows, left }: { readonly rows: number } & Pick<Pass, "number" | "left">,
): Pass {
  const files = found.map(({ oid, node, blocks }) => ({ oid, node, blocks }));
  const blocks = files.reduce((sum, file) => sum + file.blocks, 0);
  return { number, files, density: Math.max(1, rows / Math.max(1, blocks)), left };
}

/** The pass that a backfill is in, read under a lock on it; undefined when it is done or gone. */
export async function lockPass(
  session: Session,
  { id }: Pick<Job, "id">,
): Promise<Pass | undefined> {
  const { rows } = await session.query<{ pass: Pass }>(
    "SELECT pass FROM lockstep.backfill WHERE id = $1 AND state <> 'done' FOR UPDATE",
    [id],
  );
  return rows[0]?.pass;
}

/**
 * Begins to go through the files anew, inside the caller's transaction. Rows that stood rejected are tried again: they may
 * have moved since.
 */
export async function beginPass(
  session: Session,
  { id, table }: Pick<Job, "id" | "table">,
  last: Pass,
  left: number | null,
): Promise<void> {
  const rows = await estimatedRows(session, table);
  const pass = passOver(await filesOf(session, table), { number: last.number + 1, rows, left });
  await session.query(
    "UPDATE lockstep.backfill SET pass = $2, frontier = NULL, exhausted = false, estimate = estimate + $3 WHERE id = $1",
    [id, JSON.stringify(pass), rows],
  );
  await session.query("DELETE FROM lockstep.backfill_reject WHERE backfill = $1", [id]);
}

/**
 * Gives up what was done of a file that is not any more what it was: the table was dropped, or written anew, so that rows
 * are at other places. In the latter case the file is gone through again, after all others.
 *
 * @param now the file as it is; undefined when its table is gone
 * @returns the pass as it is then
 */
export async function startOver(
  session: Session,
  { id }: Pick<Job, "id">,
  pass: Pass,
  file: number,
  now: TableFile | undefined,
): Promise<Pass> {
  const again = now === undefined ? [] : [{ oid: now.oid, node: now.node, blocks: now.blocks }];
  const files = [...pass.files.with(file, { ...pass.files[file]!, blocks: 0 }), ...again];
  await session.query(
    `UPDATE lockstep.backfill SET pass = jsonb_set(pass, '{files}', $2), exhausted = false, estimate = estimate + $3 WHERE id = $1`,
    [id, JSON.stringify(files), Math.round((now?.blocks ?? 0) * pass.density)],
  );
  // Whoever works on one of them finds that it is not theirs any more.
  await session.query(
    "UPDATE lockstep.backfill_range SET done = true, fence = fence + 1 WHERE backfill = $1 AND NOT done AND above[1] = $2",
    [id, String(file)],
  );
  return { ...pass, files };
}
