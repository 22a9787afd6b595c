import type { LockstepError } from "../errors/index.ts";
import { sqlState } from "../pg/index.ts";

/**
 * What was found when the work failed, for a report that others read. On rows of the source itself (a restored copy, a masked one) a
 * server's DETAIL shows a row, and so may the text of a data exception or of RAISE: there the report has what names objects alone.
 *
 * @param isReal whether the rows are the source's own
 */
export function foundOf(
  { explanation, cause }: LockstepError,
  isReal: boolean,
): string | undefined {
  const state = sqlState(cause);
  if (!isReal || state === undefined) return explanation.found;
  const without = "what else the server says may show rows, and is left out";
  // Of integrity constraints the text names the constraint, and the DETAIL has the values.
  return /^(?:22|P0)/.test(state)
    ? `SQLSTATE ${state}; ${without}`
    : `${(cause as Error).message} (SQLSTATE ${state}); ${without}`;
}
