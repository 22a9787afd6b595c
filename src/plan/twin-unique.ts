import type { Index } from "../catalog/index.ts";
import { quoteIdent } from "../sql/index.ts";

/**
 * What somebody has to know of unique indexes that a plan builds a second time, on the other form of a column:
 * `ON CONFLICT (…)` watches one of the two only (docs/phases.md).
 *
 * @param twins the indexes that get another one; those that are not unique do not count
 */
export function twinUniqueNotes(twins: readonly Index[]): readonly string[] {
  const names = twins.filter(({ unique }) => unique).map(({ name }) => quoteIdent(name));
  if (names.length === 0) return [];
  const are =
    names.length === 1
      ? `${names[0]} has a second index beside it, on the other form`
      : `${names.join(", ")} have second indexes beside them, on the other form`;
  return [
    `until the contract phase ${are}, and ON CONFLICT (…) watches one of the two: when two sessions upsert the same new key in one moment, one may get 23505 (unique_violation) instead of a conflict; who repeats the statement gets through`,
  ];
}
