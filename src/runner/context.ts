import type { Emit, EventStatement } from "../events/index.ts";
import type { Signature } from "../ledger/index.ts";
import { maskLiterals, type Statement } from "../sql/index.ts";
import type { Migration, NativeLedger } from "../tools/index.ts";
import type { Canceller } from "./cancel.ts";
import type { Alongside, Guard, MigrateRequest } from "./migrate.ts";
import type { RunOptions } from "./options.ts";
import type { Trace } from "./trace.ts";
import type { Unit } from "./units.ts";
import type { Worker } from "./worker.ts";

/** What every part of a run works with. */
export interface RunContext {
  readonly url: string;
  /** The address without the password. */
  readonly where: string;
  readonly signature: Signature;
  readonly options: RunOptions;
  readonly emit: Emit;
  /** Aborted, with the error to end the run with, when it must stop: Ctrl-C, or the lock was lost. */
  readonly halt: AbortSignal;
  /** Asks whether the lock is lost for the worker's session; when it is, `halt` is aborted. */
  readonly isLockLost: () => Promise<boolean>;
  readonly canceller: Canceller;
  readonly worker: Worker;
  readonly trace: Trace;
  readonly native: NativeLedger | undefined;
  readonly alongside: Alongside | undefined;
  readonly committed: MigrateRequest["committed"];
  readonly guard: Guard | undefined;
}

/** One unit on its way into the database. */
export interface UnitWork {
  readonly migration: Migration;
  readonly unit: Unit;
  /** True for the migration's last unit: the migration is recorded with it. */
  readonly last: boolean;
  /** True when the unit needs a row of its own: it is not alone, or an earlier run left a row. */
  readonly ownRow: boolean;
}

/** A statement as events and traces name it. */
export async function eventStatement(
  migration: Migration,
  statement: Statement,
): Promise<EventStatement> {
  const sql = await maskLiterals(statement.sql);
  return { migration: migration.id, file: migration.file, line: statement.line, sql };
}
