import { LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import type { Part } from "./parts.ts";

/**
 * Looks, without locks that anybody waits for, that no row is left to be filled. Rows that are written from now on are
 * filled by triggers.
 * @throws LockstepError `backfill-incomplete`
 */
export async function requireFilled(session: Session, parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    if (part.kind !== "fill") continue;
    const { rows } = await session.query<{ unfilled: string }>(
      `SELECT count(*) AS unfilled FROM ${part.table} AS t WHERE ${part.todo}`,
    );
    const unfilled = Number(rows[0]!.unfilled);
    if (unfilled > 0)
      throw new LockstepError("backfill-incomplete", {
        what: `${unfilled} rows of ${part.table} are not filled`,
        expected: `no row with ${part.todo}`,
        found: `${unfilled} of them`,
        from: `backfill ${part.id}`,
        why: "the server refuses to fill them, or something wrote rows past the triggers (session_replication_role does not)",
        next: [
          `lockstep backfill status ${part.id} names the rows that were refused`,
          "correct them, then run the same command again",
        ],
      });
  }
}
