import { LockstepError } from "../errors/index.ts";
import { readHistory, type History, type UnitRow } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import {
  rowsByMigration,
  type AppliedMigration,
  type Migration,
  type MigrationFolder,
} from "../tools/index.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import type { RunOptions } from "./options.ts";
import { unfinishedByTool } from "./unfinished.ts";

/** What a folder and the ledgers together leave to do. */
export interface Outstanding {
  readonly pending: readonly Migration[];
  /** Applied by the tool itself: to be written into our ledger. */
  readonly adopt: readonly Migration[];
  /** In our ledger and missing in the tool's own. */
  readonly unlisted: readonly Migration[];
}

/**
 * Reads both ledgers, in two round trips, and compares them with the folder.
 * @throws LockstepError what `outstanding` and `requireOwner` throw, `ledger-newer`, `privilege-missing`, `connection-lost`
 */
export async function readOutstanding(
  session: Session,
  folder: MigrationFolder,
  options: RunOptions,
): Promise<{ readonly history: History; readonly todo: Outstanding }> {
  try {
    const history = await readHistory(session, folder.source);
    if (history.migrations.size === 0) await folder.requireOwner?.(session);
    const native = await folder.ledger?.read(session, folder.migrations);
    return { history, todo: outstanding(folder, history, native, options) };
  } catch (error) {
    throw ledgerFailure(error, session.where);
  }
}

/** True when the run has anything to write. */
export function hasWork({ pending, adopt, unlisted }: Outstanding): boolean {
  return pending.length + adopt.length + unlisted.length > 0;
}

/**
 * Compares the folder with both ledgers.
 * @param native rows of the tool's own ledger, undefined when the tool has none
 * @throws LockstepError `migration-duplicate-id`, `migration-edited`, `migration-missing`, `migration-out-of-order`,
 * `rollback-unfinished`, `migration-unresolved` for one that the tool itself has left half done
 */
export function outstanding(
  folder: MigrationFolder,
  history: History,
  native: readonly AppliedMigration[] | undefined,
  options: RunOptions,
): Outstanding {
  const [half] = history.goingBack.values();
  if (half !== undefined && !options.allowGoingBack) throw halfTakenBack(half);
  const known = new Map<string, Migration>();
  for (const migration of folder.migrations) {
    const twin = known.get(migration.id);
    if (twin !== undefined) throw duplicate(migration, twin);
    known.set(migration.id, migration);
  }
  for (const row of native ?? [])
    if (row.id === undefined && !options.allowMissing)
      throw missing(folder, row.label, "the tool's own ledger");
  const listed = rowsByMigration(folder.migrations, native ?? [], history.migrations);
  if (!options.allowMissing)
    for (const id of history.migrations.keys())
      if (!known.has(id)) throw missing(folder, id, "lockstep.migration");
  const pending: Migration[] = [];
  const adopt: Migration[] = [];
  const unlisted: Migration[] = [];
  let lastApplied: Migration | undefined;
  for (const migration of folder.migrations) {
    const ours = history.migrations.get(migration.id);
    const theirs = listed.get(migration.id);
    const isBegun = theirs?.unfinished !== undefined;
    // Our own mark: what an earlier run has begun goes on.
    const isOurs = isBegun && ours === undefined && history.units.has(migration.id);
    if (isBegun && !isOurs) throw unfinishedByTool(folder, migration, theirs);
    if (isOurs || (ours === undefined && theirs === undefined)) {
      pending.push(migration);
      continue;
    }
    if (ours !== undefined && ours.checksum !== migration.checksum)
      throw edited(migration, ours.checksum, ours.appliedAt);
    if (ours === undefined && theirs?.isEdited === true)
      throw edited(migration, theirs.checksum ?? "", theirs.appliedAt);
    if (ours === undefined) adopt.push(migration);
    else if (native !== undefined && theirs === undefined) unlisted.push(migration);
    lastApplied = migration;
  }
  if (lastApplied !== undefined && pending.length > 0 && !options.allowOutOfOrder) {
    const late = pending[0]!;
    if (folder.migrations.indexOf(late) < folder.migrations.indexOf(lastApplied))
      throw outOfOrder(late, lastApplied);
  }
  const { only } = options;
  const wanted = only === undefined ? pending : pending.filter(({ id }) => only.has(id));
  return { pending: wanted, adopt, unlisted };
}

/** What is pending was made on top of it as a whole, or without it. */
function halfTakenBack(units: readonly UnitRow[]): LockstepError {
  const { migration, at } = units[0]!;
  return new LockstepError("rollback-unfinished", {
    what: `${migration} is taken back in part: nothing is applied before that is settled`,
    expected: "migrations that are applied, or are not",
    found: goingBackText(units),
    from: "lockstep.unit",
    why: `the rollback that was begun on ${at.toISOString()} was stopped, killed or failed, and has not come to its end`,
    next: [
      `lockstep rollback ${migration}, which goes on where it stopped; then lockstep migrate`,
      `when it is put right by hand: lockstep resolve ${migration} --as applied, or --as rolled-back`,
    ],
  });
}

/** `line 3 of its way back ran; line 5 was begun`. */
export function goingBackText(units: readonly UnitRow[]): string {
  return units
    .map(({ line, state }) =>
      state === "done"
        ? `what begins at line ${line} of its way back is done`
        : `what begins at line ${line} of its way back was begun: whether it is done is not known`,
    )
    .join("\n");
}

function duplicate(migration: Migration, twin: Migration): LockstepError {
  return new LockstepError("migration-duplicate-id", {
    what: `two migrations have the id "${migration.id}"`,
    expected: "one file for each id",
    found: `${twin.file} and ${migration.file}`,
    from: migration.file,
    why: "two branches used the same number or name and both were merged",
    next: [`give one of them a new id, if it was applied nowhere yet`],
  });
}

function missing(folder: MigrationFolder, id: string, ledger: string): LockstepError {
  return new LockstepError("migration-missing", {
    what: `migration "${id}" was applied to this database and is not in ${folder.path}`,
    expected: "a file for each applied migration",
    found: `a row in ${ledger}, and ${folder.migrations.length} files without it`,
    from: ledger,
    why: "this checkout is older than the database, another branch was deployed here, or the file was deleted or renamed",
    next: [
      "deploy from a commit that has the file, or bring the file back",
      "or go on without it: --allow-missing",
    ],
  });
}

function edited(
  migration: Migration,
  recorded: string,
  appliedAt: Date | undefined,
): LockstepError {
  const isSha256 = recorded.length === migration.checksum.length;
  const was = isSha256 ? `sha256 ${recorded.slice(0, 12)}…` : `the tool's checksum ${recorded}`;
  return new LockstepError("migration-edited", {
    what: `${migration.file} was changed after it was applied`,
    expected: `the file as it was applied${appliedAt === undefined ? "" : ` on ${appliedAt.toISOString()}`} (${was})`,
    found: isSha256 ? `sha256 ${migration.checksum.slice(0, 12)}…` : "a file with another one",
    from: migration.file,
    why: "somebody edited it in place, a formatter or a line-ending setting rewrote it, or another branch's version was applied here",
    next: [
      `bring the applied version back: git log -p -- ${migration.file}`,
      "write what should change as a new migration",
    ],
  });
}

function outOfOrder(late: Migration, lastApplied: Migration): LockstepError {
  return new LockstepError("migration-out-of-order", {
    what: `${late.file} is pending, but a later migration is already applied`,
    expected: "pending migrations after all applied ones",
    found: `"${lastApplied.id}" is applied, "${late.id}" before it is not`,
    from: late.file,
    why: "a branch with an older number was merged after a newer one was deployed",
    next: [
      "give it a number after the last one, if it was applied nowhere yet",
      "or apply it now all the same: --allow-out-of-order",
    ],
  });
}
