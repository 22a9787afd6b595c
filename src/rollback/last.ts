import { LockstepError } from "../errors/index.ts";
import type { FolderStatus, MigrationStatus } from "../runner/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";

/** The migration that is to be taken back, with those that are applied before it. */
export interface Last {
  readonly migration: Migration;
  readonly before: readonly Migration[];
}

/**
 * The last applied migration.
 * @throws LockstepError `rollback-refused` with the reason why there is no such one, or not this one
 */
export function lastApplied(
  folder: MigrationFolder,
  status: FolderStatus,
  wanted: string | undefined,
): Last {
  const { migrations } = status;
  const strange = migrations.find(({ state }) => state !== "applied" && state !== "pending");
  if (strange !== undefined) throw unsettled(strange, folder);
  const applied = migrations.filter(({ state }) => state === "applied");
  const last = applied.at(-1);
  if (last === undefined) throw nothingApplied(folder);
  if (wanted !== undefined && wanted !== last.id) throw notTheLast(wanted, last, applied, folder);
  if (last.how === "planned") throw planned(last);
  const known = new Map(folder.migrations.map((one) => [one.id, one]));
  const [migration, ...before] = applied.toReversed().map(({ id }) => known.get(id)!);
  return { migration: migration!, before: before.toReversed() };
}

function unsettled({ id, state, file }: MigrationStatus, { path }: MigrationFolder): LockstepError {
  const settled = {
    edited: [
      "the file is not what was applied, so its way back may not be either",
      `restore ${file ?? "the file"} as it was applied`,
    ],
    unknown: [
      "it was applied from another checkout: this one does not know how to take it back, nor what comes before it",
      "run it from the commit that has the migration",
    ],
    failed: ["its last attempt failed", "lockstep migrate, or lockstep resolve, settles it first"],
    "partly-applied": [
      "a run of it was stopped or killed",
      "lockstep migrate, or lockstep resolve, settles it first",
    ],
  }[state as "edited" | "unknown" | "failed" | "partly-applied"];
  return new LockstepError("rollback-refused", {
    what: `${id} is ${state.replace("-", " ")}: nothing is taken back before that is settled`,
    expected: "a history of which it is known what is applied",
    found: `${id}: ${state}`,
    from: path,
    why: settled[0]!,
    next: ["lockstep status", settled[1]!],
  });
}

/** @returns `rollback-refused` */
export function nothingApplied({ path }: MigrationFolder): LockstepError {
  return new LockstepError("rollback-refused", {
    what: `no migration of ${path} is applied here`,
    expected: "an applied migration",
    found: "none",
    from: path,
    why: "it is another database than the one that was meant, or everything was taken back before",
    next: ["lockstep status"],
  });
}

function notTheLast(
  wanted: string,
  last: MigrationStatus,
  applied: readonly MigrationStatus[],
  { path, migrations }: MigrationFolder,
): LockstepError {
  const isApplied = applied.some(({ id }) => id === wanted);
  const isKnown = migrations.some(({ id }) => id === wanted);
  return new LockstepError("rollback-refused", {
    what: isApplied
      ? `${wanted} is not the last applied migration`
      : isKnown
        ? `${wanted} is not applied`
        : `there is no migration and no plan "${wanted}"`,
    expected: last.id,
    found: wanted,
    from: path,
    why: isApplied
      ? "what came after it was made on top of it, and was never tried without it"
      : "only what is applied can be taken back",
    next: isApplied
      ? ["lockstep rollback, without a name, takes the last one back", "or write a new migration"]
      : ["lockstep status"],
  });
}

function planned({ id }: MigrationStatus): LockstepError {
  return new LockstepError("rollback-refused", {
    what: `${id} was carried by its plan to the end`,
    expected: "a plan whose contract phase has not begun, or a migration without a plan",
    found: "a plan that is finished: the old form and its values are gone",
    from: "lockstep.plan",
    why: "what the new release has written since is nowhere in the old form",
    next: ["write what should change as a new migration, and plan that"],
  });
}
