import type { LockstepError } from "../errors/index.ts";
import { finishRun, startRun, type UnitRow } from "../ledger/index.ts";
import { isConnectionLost, type Session } from "../pg/index.ts";
import type { Migration } from "../tools/index.ts";
import { applyStatement } from "./apply-statement.ts";
import { applyTransaction } from "./apply-transaction.ts";
import { cancellation, Canceller } from "./cancel.ts";
import type { RunContext } from "./context.ts";
import { waitForLock, type Keeper } from "./keeper.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import type { MigrateRequest, MigrationDone } from "./migrate.ts";
import { reconcileLedgers } from "./native-ledger.ts";
import type { RunOptions } from "./options.ts";
import { hasWork, readOutstanding, type Outstanding } from "./outstanding.ts";
import { requireUsable } from "./requirements.ts";
import { reopenWorker } from "./recover.ts";
import { resumePoint } from "./resume.ts";
import { leavesNothing } from "./session-settings.ts";
import { detailsOf, takeOver } from "./take-over.ts";
import { Trace } from "./trace.ts";
import { cutUnits, type Unit } from "./units.ts";
import { Worker } from "./worker.ts";

interface LockedRun {
  readonly request: MigrateRequest;
  readonly run: string;
  readonly options: RunOptions;
  /** Becomes the keeper's session. */
  readonly session: Session;
  /** Grows as migrations are applied. */
  readonly applied: MigrationDone[];
}

/** What a run does under the lock. Returns the ids it adopted. */
export async function runLocked(locked: LockedRun): Promise<readonly string[]> {
  const { request, run, options, session } = locked;
  const { url, folder, emit } = request;
  const cancelled = cancellation(request.signal);
  await requireUsable(session, url, run);
  // Another runner may have done it all meanwhile.
  const isDone = async () => !hasWork((await readOutstanding(session, folder, options)).todo);
  if (!(await waitForLock({ session, emit, options, signal: cancelled }, isDone))) return [];
  const before = await readOutstanding(session, folder, options);
  if (!hasWork(before.todo)) return [];
  const units = await cutAll(before.todo.pending);
  await using keeper = await takeOver({ session, run, emit, options, signal: cancelled });
  // What an earlier holder left running has ended only now.
  const { history, todo } = await keeper.use(async () => readOutstanding(session, folder, options));
  if (!hasWork(todo)) return [];
  await using trace = await Trace.open(url, run, emit, options);
  await using worker = await Worker.open(url, run, options, emit);
  const isOwn = await startRun(worker.session, detailsOf(run, options), keeper.fence);
  const halt = AbortSignal.any([keeper.lost, cancelled]);
  using canceller = new Canceller(halt, trace, worker, 2 * options.heartbeatMs);
  const context: RunContext = {
    url,
    where: session.where,
    signature: { source: folder.source, run, fence: keeper.fence },
    options,
    emit,
    halt,
    isLockLost: async () => keeper.isLostFor(worker.session),
    canceller,
    worker,
    trace,
    native: folder.ledger,
    alongside: request.alongside,
    committed: request.committed,
    guard: request.guard,
  };
  try {
    await applyAll(context, units, locked.applied, todo, history.units);
    await trace.flush();
    if (isOwn) await finishRun(worker.session, run, "succeeded");
    return todo.adopt.map(({ id }) => id);
  } catch (error) {
    const failure = await reasonOf(error, keeper, session.where);
    const outcome = failure.code === "run-cancelled" ? "stopped" : "failed";
    const { what, found } = failure.explanation;
    await trace.flush();
    // With its connection gone the row stays `running`; the next run marks it lost.
    const told = { code: failure.code, what, found };
    await trace.use(async (second) => finishRun(second, run, outcome, told)).catch(() => {});
    throw failure;
  }
}

/** The error to end with: a lost connection may be the first sign of a lost lock. */
async function reasonOf(error: unknown, keeper: Keeper, where: string): Promise<LockstepError> {
  const failure = ledgerFailure(error, where);
  const isSign = failure.code === "connection-lost" && (await keeper.isLost());
  return isSign ? (keeper.lost.reason as LockstepError) : failure;
}

/** Every file is parsed before anything is changed: a syntax error in the last one stops the run here. */
async function cutAll(
  pending: readonly Migration[],
): Promise<ReadonlyMap<string, readonly Unit[]>> {
  const all = new Map<string, readonly Unit[]>();
  for (const migration of pending) all.set(migration.id, await cutUnits(migration));
  return all;
}

async function applyAll(
  context: RunContext,
  units: ReadonlyMap<string, readonly Unit[]>,
  applied: MigrationDone[],
  todo: Outstanding,
  rows: ReadonlyMap<string, readonly UnitRow[]>,
): Promise<void> {
  await reconcileLedgers(context, todo);
  for (const [index, migration] of todo.pending.entries()) {
    const { id, file } = migration;
    const left = rows.get(id);
    const began = performance.now();
    const place = { number: index + 1, of: todo.pending.length };
    const resumed = left !== undefined;
    context.emit({ type: "migration.started", migration: id, ...place, resumed });
    // One that was resolved as rolled back while we waited for the lock was not pending before.
    const parts = units.get(id) ?? (await cutUnits(migration));
    const statements = await applyMigration(context, migration, parts, left);
    const ms = performance.now() - began;
    context.emit({ type: "migration.finished", migration: id, ms });
    applied.push({ id, file, statements, ms, resumed });
  }
}

/** Applies what is left of one migration. Returns the number of its statements. */
async function applyMigration(
  context: RunContext,
  migration: Migration,
  units: readonly Unit[],
  rows: readonly UnitRow[] | undefined,
): Promise<number> {
  const done = await resumePoint(context, migration, units, rows ?? []);
  // A file without statements is recorded all the same.
  const list: readonly Unit[] = units.length > 0 ? units : [emptyUnit];
  const ownRow = list.length > 1 || rows !== undefined;
  for (const unit of list) {
    if (done.has(unit.number)) continue;
    const last = unit === list.at(-1);
    if (unit.settings.length > 0)
      await freshen(context, async () => context.worker.resetSettings());
    const work = { migration, unit, last, ownRow };
    const left = rows?.find(({ number }) => number === unit.number);
    if (unit.kind === "transaction") await applyTransaction(context, work);
    else await applyStatement(context, work, left);
  }
  const statements = list.flatMap((unit) => unit.statements);
  if (!statements.every(leavesNothing)) await freshen(context, async () => context.worker.clean());
  return statements.length;
}

/** Cleans the worker's session between units; a session that was lost meanwhile is opened anew, which is as clean. */
async function freshen(context: RunContext, clean: () => Promise<void>): Promise<void> {
  try {
    await clean();
  } catch (error) {
    if (!isConnectionLost(error)) throw error;
    await reopenWorker(context, error);
    context.halt.throwIfAborted();
  }
}

const emptyUnit: Unit = {
  number: 0,
  kind: "transaction",
  statements: [],
  begin: "BEGIN",
  settings: [],
  hash: "",
};
