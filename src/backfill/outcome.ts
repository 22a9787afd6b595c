import { LockstepError } from "../errors/index.ts";
import { rowName } from "./cursor.ts";
import type { BackfillResult } from "./run.ts";
import type { RejectedRow } from "./status.ts";

/** Rejected rows that a message lists. */
const listed = 5;

/**
 * Why a run did not come to its end, as it is told to a person; undefined for one that did.
 *
 * @param from where the backfill is: the database's address without the password
 */
export function unfinished(
  { outcome, status }: BackfillResult,
  from: string,
): LockstepError | undefined {
  const { id, table, passed, rejected } = status;
  const where = `backfill ${id} at ${from}`;
  switch (outcome) {
    case "done":
      return undefined;
    case "paused":
      return new LockstepError("backfill-paused", {
        what: `backfill ${id} is paused`,
        expected: "a backfill that may go on",
        found: `${passed} rows passed; what is done stays done`,
        from: where,
        why: "somebody paused it, here or elsewhere",
        next: [`lockstep backfill resume ${id}`, `lockstep backfill run ${id}`],
      });
    case "stopped":
      return new LockstepError("run-cancelled", {
        what: `backfill ${id} was stopped`,
        expected: "to go on to the last row",
        found: `${passed} rows passed; what is done stays done`,
        from: where,
        why: "a person or a pipeline asked it to stop",
        next: [`lockstep backfill run ${id}`],
      });
    case "rejected":
      return new LockstepError("backfill-incomplete", {
        what: `${rejected.length} ${rejected.length === 1 ? "row" : "rows"} of ${table} cannot be filled`,
        expected: "every row filled",
        found: rejected.slice(0, listed).map(describe).join("\n"),
        from: where,
        why: "the server refuses what would be written into these rows; all others are filled",
        next: [
          `lockstep backfill status ${id} lists all of them`,
          `put these rows right, then: lockstep backfill run ${id} --retry-rejected`,
        ],
      });
  }
}

function describe({ key, sqlstate, message }: RejectedRow): string {
  return `${rowName(key)}: ${message} (${sqlstate})`;
}
