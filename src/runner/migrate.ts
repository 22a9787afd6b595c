import { randomUUID } from "node:crypto";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import type { Emit } from "../events/index.ts";
import type { Signature } from "../ledger/index.ts";
import { Session } from "../pg/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { closing } from "./close.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { runOptions, type GivenRunOptions } from "./options.ts";
import { hasWork, readOutstanding } from "./outstanding.ts";
import { sessionName } from "./session-names.ts";

export interface MigrateRequest {
  readonly url: string;
  readonly folder: MigrationFolder;
  readonly emit: Emit;
  /** Aborting it stops the run where it can be resumed. */
  readonly signal?: AbortSignal | undefined;
  /** Id of the run, a UUID; the one its events carry. A new one by default. */
  readonly run?: string | undefined;
  readonly options?: GivenRunOptions | undefined;
  /** Statements that commit together with the record of a migration, and only with it. */
  readonly alongside?: Alongside | undefined;
  /**
   * A query that gives a row from that commit on: what a connection that is lost at it is asked with. For an `alongside` that
   * takes the run's own record away; that record tells it by default.
   */
  readonly committed?: ((by: Signature) => string) | undefined;
  /** What must hold before a transaction of this run changes anything. */
  readonly guard?: Guard | undefined;
}

/** What else is to be true from the moment on at which a migration counts as applied. */
export type Alongside = (migration: Migration, by: Signature) => readonly string[];

/** What must hold, and go on to hold because of locks, before a transaction changes anything. It runs READ COMMITTED. */
export interface Guard {
  /** Statements that take locks: the first one is waited for like any lock, the others briefly. Tried again like the unit. */
  readonly locks: readonly string[];
  /** Statements that fail when something does not hold. */
  readonly checks: readonly string[];
  /** How long each check may take, in ms. */
  readonly withinMs: number;
  /** The error to end with when a check, by its number from 0, has failed; `isBegun`: units before it have committed. */
  readonly failure: (check: number, error: unknown, isBegun: boolean) => LockstepError;
}

/** A migration that this run applied, wholly or from where an earlier one stopped. */
export interface MigrationDone {
  readonly id: string;
  readonly file: string;
  readonly statements: number;
  readonly ms: number;
  readonly resumed: boolean;
}

/** What a run that came to its end did. */
export interface MigrateResult {
  readonly run: string;
  readonly applied: readonly MigrationDone[];
  /** Ids that the migration tool itself had applied and that are in our ledger now. */
  readonly adopted: readonly string[];
  readonly ms: number;
}

/**
 * Applies the pending migrations of a folder, each unit once, whoever else tries at the same time.
 *
 * When it returns, every migration of the folder is applied and recorded in both ledgers. Nothing to do costs one
 * connection and two queries.
 *
 * @throws LockstepError; those with exit code 3 leave a state that the same call resumes. Before the first change:
 * connection errors, `pooler-transaction-mode`, `database-unsupported`, `migration-duplicate-id`, `migration-edited`,
 * `migration-missing`, `migration-out-of-order`, `migration-unresolved`, `migration-unsupported`, `sql-syntax`,
 * `ledger-newer`, `ledger-lock-timeout`, `orphan-still-running`, `database-read-only`, `privilege-missing`. Later:
 * `migration-failed`, `lock-timeout`, `postcondition-failed`, `lease-lost`, `connection-lost`, `run-cancelled`
 */
export async function migrate(request: MigrateRequest): Promise<MigrateResult> {
  const began = performance.now();
  const run = request.run ?? randomUUID();
  const options = runOptions(request.options);
  const { url, folder, emit } = request;
  const session = await Session.open({ url, applicationName: sessionName(run, "keeper") });
  await using _session = closing(session);
  const { todo } = await readOutstanding(session, folder, options);
  const { pending } = todo;
  if (folder.program !== undefined && pending.length > 0) throw programs(folder);
  const target = session.where;
  emit({ type: "run.started", command: options.command, target, pending: pending.length });
  const applied: MigrationDone[] = [];
  const finish = (outcome: "succeeded" | "failed" | "stopped") =>
    emit({ type: "run.finished", outcome, applied: applied.length, ms: performance.now() - began });
  try {
    let adopted: readonly string[] = [];
    if (hasWork(todo)) {
      // Loaded only here: a run with nothing to do starts faster without it.
      const { runLocked } = await import("./run-locked.ts");
      adopted = await runLocked({ request, run, options, session, applied });
    }
    finish("succeeded");
    return { run, applied, adopted, ms: performance.now() - began };
  } catch (error) {
    const failure = isLockstepError(error) ? error : ledgerFailure(error, session.where);
    finish(failure.code === "run-cancelled" ? "stopped" : "failed");
    throw failure;
  }
}

/** What a program does may hang on the rows it finds: what it sent to an empty database is not sent to this one. */
function programs({ path, tool }: MigrationFolder): LockstepError {
  return new LockstepError("migration-unsupported", {
    what: `the migrations of ${path} are programs of ${tool}: Lockstep does not send what they sent elsewhere`,
    expected: "the tool's own command, run guarded",
    found: "a run of Lockstep's own",
    from: path,
    why: "a program may decide by the rows, the settings or the time that it meets",
    next: ["lockstep migrate -- YOUR COMMAND, or lockstep migrate, which runs the folder's own"],
  });
}
