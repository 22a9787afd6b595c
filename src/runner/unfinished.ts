import { LockstepError } from "../errors/index.ts";
import type { AppliedMigration, Migration, MigrationFolder } from "../tools/index.ts";

/** The error for a migration that its tool has begun and not brought to its end. */
export function unfinishedByTool(
  { tool, ledger }: MigrationFolder,
  { id, file }: Migration,
  { unfinished }: AppliedMigration,
): LockstepError {
  const { found, effect, reason } = unfinished!;
  return new LockstepError("migration-unresolved", {
    what: `${tool} has begun "${id}" and not brought it to its end`,
    expected: "a migration that is applied as a whole, or not at all",
    found: reason === undefined ? found : `${found}\n${reason}`,
    from: `${ledger!.schema}.${ledger!.table}`,
    why: `a statement of ${file} failed, or the process was killed; how much of it is in the database, the ledger does not tell. ${effect}`,
    next: [
      `when nothing of it is there, or was taken back: lockstep resolve ${id} --as rolled-back, then lockstep migrate`,
      `when all of it is there: lockstep resolve ${id} --as applied`,
      "either is done only if the catalog agrees, and names what differs",
    ],
  });
}
