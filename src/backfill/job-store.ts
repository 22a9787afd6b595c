import { LockstepError } from "../errors/index.ts";
import type { Queryable, Session } from "../pg/index.ts";
import { sessionSql } from "./claim.ts";
import type { Job, JobSpec } from "./job.ts";
import { estimatedRows } from "./estimate.ts";
import { findKey, greatestKey, keyStands, type RowKey } from "./key.ts";
import { firstPass } from "./pass.ts";
import { cursorSettings } from "./session-settings.ts";

/**
 * Takes up a backfill: the one of this id, or a new one. What was done stays done.
 *
 * @throws LockstepError `backfill-changed` when the one of this id does something else, or when the key by which it has
 *   gone so far is no longer one; `backfill-key` when the rows of a new one cannot be gone through
 */
export async function openBackfill(session: Session, spec: JobSpec): Promise<Job> {
  const known = await readJob(session, spec.id);
  if (known === undefined) {
    const key = await findKey(session, spec.table);
    if (spec.once === true && key === null) throw noKeyForOnce(session, spec.table);
    const isOnce = spec.once === true && key !== null;
    const job = { ...spec, key: isOnce ? await upToLast(session, spec.table, key) : key };
    await createBackfill(session, job);
    // Somebody else may have been first.
    return (await readJob(session, spec.id)) ?? job;
  }
  const changed = (["table", "set", "todo"] as const).find((part) => known[part] !== spec[part]);
  if (changed !== undefined)
    throw new LockstepError("backfill-changed", {
      what: `backfill ${spec.id} was begun to do something else`,
      expected: `${changed}: ${known[changed]}`,
      found: `${changed}: ${spec[changed]}`,
      from: `lockstep.backfill at ${session.where}`,
      why: "the plan was edited after its backfill had begun: some rows would be filled one way and some the other",
      next: ["abort the plan and begin it again, or take the edit back"],
    });
  // One that is done is gone through no more; what comes after it may put another key in the place of its own.
  if (known.isDone || known.key === null) return known;
  if (!(await keyStands(session, known.table, known.key)))
    throw new LockstepError("backfill-changed", {
      what: `backfill ${spec.id} cannot tell any more which rows of ${spec.table} are done`,
      expected: `a unique index on NOT NULL columns ${namesOf(known.key)}`,
      found: "none that is valid",
      from: session.where,
      why: "the index was dropped or changed since the backfill began; its cursors are values of these columns",
      next: [
        `create the index again (CREATE UNIQUE INDEX CONCURRENTLY), or abort the plan and begin it again`,
      ],
    });
  return known;
}

/** The key, up to the greatest one that is there: rows that come behind it are not of the UPDATE that visits each once. */
async function upToLast(session: Session, table: string, key: RowKey): Promise<RowKey> {
  await session.query("BEGIN");
  try {
    await session.batch(cursorSettings.map((one) => one.replace("SET", "SET LOCAL")).join(";\n"));
    const last = await greatestKey(session, table, key);
    return last === null ? key : { ...key, last };
  } finally {
    await session.query("ROLLBACK").catch(() => undefined);
  }
}

function noKeyForOnce(session: Session, table: string): LockstepError {
  return new LockstepError("backfill-key", {
    what: `each row of ${table} is to be visited once, and it has no key by which to know which were`,
    expected:
      "a primary key or a valid unique index on NOT NULL columns that is neither partial nor deferrable, and no table that inherits",
    found: "none",
    from: session.where,
    why: "the key was dropped since the plan was made, or the plan was edited",
    next: [`add a primary key to ${table}, or abort the plan and make it anew`],
  });
}

function namesOf({ columns }: RowKey): string {
  return columns.map(({ name }) => name).join(", ");
}

/** Writes a backfill down so that workers can claim its ranges. Harmless to repeat: one that is there goes on. */
export async function createBackfill(
  database: Queryable,
  { id, table, key, set, todo }: Job,
): Promise<void> {
  const estimate = await estimatedRows(database, table);
  const pass = key === null ? await firstPass(database, table, estimate) : null;
  await database.query(
    `INSERT INTO lockstep.backfill (id, relation, key, assignments, todo, estimate, pass)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
    [id, table, JSON.stringify(key), set, todo, estimate, pass && JSON.stringify(pass)],
  );
}

interface KnownJob extends Job {
  readonly isDone: boolean;
}

/** What a backfill is to do, as it was written down; undefined when there is none of this id. */
export async function readJob(database: Queryable, id: string): Promise<KnownJob | undefined> {
  const { rows } = await database.query<{
    relation: string;
    key: RowKey | null;
    assignments: string;
    todo: string;
    done: boolean;
  }>(
    "SELECT relation, key, assignments, todo, state = 'done' AS done FROM lockstep.backfill WHERE id = $1",
    [id],
  );
  const [found] = rows;
  if (found === undefined) return undefined;
  const { relation, key, assignments, todo, done } = found;
  return { id, table: relation, key, set: assignments, todo, isDone: done };
}

/** Removes what processes that are gone have left of themselves. */
export async function forgetProcesses(database: Queryable, id: string): Promise<void> {
  await database.query(
    `DELETE FROM lockstep.backfill_process p
      WHERE backfill = $1 AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE ${sessionSql("a")} = p.session)`,
    [id],
  );
}

/** There is no backfill of this id, or no more. */
export function noSuchBackfill(id: string, from: string): LockstepError {
  return new LockstepError("backfill-missing", {
    what: `there is no backfill ${id}`,
    expected: "one that a plan has begun",
    found: "none of this id in lockstep.backfill",
    from,
    why: "it was never begun here, or its plan was aborted",
    next: ["lockstep backfill status shows those that there are"],
  });
}

/** Pauses a backfill for all its workers, who end after their batch, or lets it go on. */
export async function setPaused(database: Queryable, id: string, paused: boolean): Promise<void> {
  await database.query(
    "UPDATE lockstep.backfill SET state = $2 WHERE id = $1 AND state <> 'done'",
    [id, paused ? "paused" : "running"],
  );
}

/**
 * Ends a backfill whose ranges are all done. As long as rows stand rejected it does not end.
 * @returns whether it has ended
 */
export async function finishBackfill(database: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await database.query(
    `UPDATE lockstep.backfill b SET state = 'done', finished_at = coalesce(finished_at, pg_catalog.now())
      WHERE id = $1 AND exhausted
        AND NOT EXISTS (SELECT FROM lockstep.backfill_range WHERE backfill = b.id AND NOT done)
        AND NOT EXISTS (SELECT FROM lockstep.backfill_reject WHERE backfill = b.id)`,
    [id],
  );
  return rowCount === 1;
}
