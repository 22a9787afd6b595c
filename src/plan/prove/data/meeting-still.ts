import type { Catalog } from "../../../catalog/index.ts";
import type { ReleaseStatement } from "../release/statements.ts";
import type { TriedMigration } from "./in-transaction.ts";

/**
 * Without the upserts whose row the migration as written changes in the columns that they name: they would find no row
 * there, insert theirs, and meet the first one by another key that the release knows. A plan changes the row as well.
 */
export async function meetingStill(
  tried: TriedMigration,
  statements: readonly ReleaseStatement[],
  { tables }: Catalog,
): Promise<readonly ReleaseStatement[]> {
  const kept: ReleaseStatement[] = [];
  for (const one of statements) {
    const refused = one.isMeeting === true ? await tried.refusal([], [one]) : undefined;
    const { constraint } = refused ?? {};
    const isKnown = tables[one.on]?.indexes.some(({ name }) => name === constraint) === true;
    if (!isKnown) kept.push(one);
  }
  return kept;
}
