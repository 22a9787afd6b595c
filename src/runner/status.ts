import {
  readHistory,
  readLease,
  type AppliedHow,
  type Lease,
  type MigrationRow,
  type UnitFailure,
  type UnitRow,
} from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import {
  rowsByMigration,
  type AppliedMigration,
  type Migration,
  type MigrationFolder,
  type Unfinished,
} from "../tools/index.ts";
import { ledgerFailure } from "./ledger-failure.ts";

/** Where one migration stands in one database. */
export interface MigrationStatus {
  readonly id: string;
  /** Undefined when the folder has no such file. */
  readonly file: string | undefined;
  /**
   * - `applied`: in both ledgers, or in the tool's own (`how` is then `adopted`)
   * - `edited`: applied, and the file has changed since
   * - `unknown`: in a ledger and not in the folder
   * - `failed`: its last attempt failed; `unitsDone` says whether earlier units of it are applied. Or the tool itself
   *   has begun it and not come to its end: `unfinished` says what its ledger tells
   * - `partly-applied`: some units are applied, and the run that did it was stopped or killed
   * - `pending`
   */
  readonly state: "applied" | "edited" | "unknown" | "failed" | "partly-applied" | "pending";
  readonly how: AppliedHow | undefined;
  /** Why it counts as applied, for a forced `resolve`. */
  readonly reason: string | undefined;
  readonly appliedAt: Date | undefined;
  readonly run: string | undefined;
  /** How many units of it are applied while it is not. */
  readonly unitsDone: number;
  readonly failure: UnitFailure | undefined;
  readonly unfinished: Unfinished | undefined;
  /** Only there where Lockstep's ledger has it and that of a tool whose migrations are programs has not: it was taken back, or the row was deleted. */
  readonly unlisted?: true;
  /** Units of its way back that are done or were begun, of a rollback that has not come to its end. Only there where there are any. */
  readonly goingBack?: readonly UnitRow[];
}

export interface FolderStatus {
  readonly tool: string;
  readonly path: string;
  readonly source: string;
  /** Folder order; what only a ledger knows comes last. */
  readonly migrations: readonly MigrationStatus[];
  /** Who holds the database, when somebody does; undefined before the first run. */
  readonly lease: Lease | undefined;
}

/**
 * Where each migration of a folder stands in a database. Reads only; a database without a ledger is fine.
 * @throws LockstepError of a connection, `ledger-newer`, `privilege-missing`, and what `requireOwner` throws
 */
export async function readStatus(request: {
  readonly url: string;
  readonly folder: MigrationFolder;
}): Promise<FolderStatus> {
  await using session = await Session.open({
    url: request.url,
    applicationName: "lockstep/status",
  });
  return await readStatusOn(session, request.folder);
}

/** `readStatus` on a session that is already open. */
export async function readStatusOn(
  session: Session,
  folder: MigrationFolder,
): Promise<FolderStatus> {
  const { tool, path, source } = folder;
  try {
    const history = await readHistory(session, source);
    if (history.migrations.size === 0) await folder.requireOwner?.(session);
    const native = (await folder.ledger?.read(session, folder.migrations)) ?? [];
    const listed = rowsByMigration(folder.migrations, native, history.migrations);
    const known = new Set(folder.migrations.map(({ id }) => id));
    const strangers = [...history.migrations.values()].filter(({ id }) => !known.has(id));
    const migrations = [
      ...folder.migrations.map((migration) => {
        const ours = history.migrations.get(migration.id);
        const theirs = listed.get(migration.id);
        const units = history.units.get(migration.id) ?? [];
        const back = history.goingBack.get(migration.id);
        const status = {
          ...statusOf(migration, ours, theirs, units),
          ...(back === undefined ? {} : { goingBack: back }),
        };
        // Lockstep itself writes the row again for migrations that it can send.
        const isLost = folder.program !== undefined && ours !== undefined && theirs === undefined;
        return isLost ? { ...status, unlisted: true as const } : status;
      }),
      ...strangers.map((row) => applied(row, undefined, "unknown")),
      ...native.filter(({ id }) => id === undefined).map(unknownNative),
    ];
    return { tool, path, source, migrations, lease: await readLease(session) };
  } catch (error) {
    throw ledgerFailure(error, session.where);
  }
}

function statusOf(
  migration: Migration,
  ours: MigrationRow | undefined,
  theirs: AppliedMigration | undefined,
  units: readonly UnitRow[],
): MigrationStatus {
  const { id, file } = migration;
  const unfinished = theirs?.unfinished;
  if (unfinished !== undefined && (ours !== undefined || units.length === 0))
    return { ...nothing, id, file, state: "failed", unfinished };
  if (ours !== undefined)
    return applied(ours, file, ours.checksum === migration.checksum ? "applied" : "edited");
  if (theirs !== undefined && unfinished === undefined)
    return {
      ...nothing,
      id,
      file,
      state: theirs.isEdited ? "edited" : "applied",
      how: "adopted",
      appliedAt: theirs.appliedAt,
    };
  const unitsDone = units.filter(({ state }) => state === "done").length;
  const open = units.find(({ state }) => state !== "done");
  const failure = open?.state === "failed" ? open.failure : undefined;
  const isTouched = unitsDone > 0 || open?.state === "started";
  return {
    ...nothing,
    id,
    file,
    state: failure !== undefined ? "failed" : isTouched ? "partly-applied" : "pending",
    run: (open ?? units.at(-1))?.run,
    unitsDone,
    failure,
  };
}

const nothing = {
  how: undefined,
  reason: undefined,
  appliedAt: undefined,
  run: undefined,
  unitsDone: 0,
  failure: undefined,
  unfinished: undefined,
} as const;

function applied(
  { id, how, reason, appliedAt, run }: MigrationRow,
  file: string | undefined,
  state: MigrationStatus["state"],
): MigrationStatus {
  return { ...nothing, id, file, state, how, reason, appliedAt, run };
}

function unknownNative({ label, appliedAt }: AppliedMigration): MigrationStatus {
  return { ...nothing, id: label, file: undefined, state: "unknown", how: "adopted", appliedAt };
}
