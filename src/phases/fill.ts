import { runBackfill, unfinished, verifyBackfill } from "../backfill/index.ts";
import { LockstepError } from "../errors/index.ts";
import { describeTarget, type Session } from "../pg/index.ts";
import type { FillPart, Part } from "./parts.ts";
import type { PhaseRequest } from "./run-phase.ts";

/**
 * Fills the rows of one step, or what is left of them. Others may work on it at the same time.
 * @throws LockstepError `backfill-key`, `backfill-changed`, `backfill-paused`, `backfill-incomplete`, `run-cancelled`
 */
export async function runFill(request: PhaseRequest, part: FillPart): Promise<void> {
  const { url, emit, signal, backfill = {} } = request;
  const { id, table, set, todo, once } = part;
  const result = await runBackfill({
    ...backfill,
    url,
    job: { id, table, set, todo, once },
    emit,
    ...(signal === undefined ? {} : { signal }),
  });
  const { reason } = signal ?? {};
  if (reason instanceof LockstepError) throw reason;
  const failure = unfinished(result, describeTarget(url));
  if (failure !== undefined) throw failure;
}

/**
 * Looks, without locks that anybody waits for, that no row is left to be filled. Rows that are written from now on are
 * filled by triggers; where there are none, those that the old release wrote meanwhile are only counted. Of a fill that
 * visits each row once nothing can be counted: that it is done says it.
 * @returns what was looked at, for the record
 * @throws LockstepError `backfill-incomplete`
 */
export async function requireFilled(
  session: Session,
  parts: readonly Part[],
): Promise<Readonly<Record<string, unknown>>> {
  const filled = [];
  for (const part of parts) {
    if (part.kind !== "fill" || part.once) continue;
    const { rows, left, ms } = await verifyBackfill(session, part);
    filled.push({ table: part.table, rows, left, ms: Math.round(ms) });
    if (left > 0 && part.isKept)
      throw new LockstepError("backfill-incomplete", {
        what: `${left} rows of ${part.table} are not filled`,
        expected: `no row with ${part.todo}`,
        found: `${left} of ${rows}`,
        from: `backfill ${part.id}`,
        why: "rows were written while the triggers were disabled, or the fill's condition was edited",
        next: [
          `fill them: UPDATE ${part.table} AS t SET ${part.set} WHERE ${part.todo}`,
          "then run the same command again",
        ],
      });
  }
  return { filled };
}
