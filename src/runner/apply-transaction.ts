import type { EventStatement } from "../events/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { isFenceError } from "../ledger/index.ts";
import { isConnectionLost, sqlState, type BatchResult } from "../pg/index.ts";
import { composeBatch, locate, type Batch } from "./batch.ts";
import { eventStatement, type RunContext, type UnitWork } from "./context.ts";
import { errorText, isTransient, unitFailure, type UnitProblem } from "./failure.ts";
import { leaseLost, ledgerFailure } from "./ledger-failure.ts";
import { makeWayForUnit } from "./leftovers/index.ts";
import { watch } from "./monitor.ts";
import { backOff, pause } from "./pause.ts";
import { recordFailure } from "./record-failure.ts";
import { halted, recover } from "./recover.ts";
import { beginEffort, stepRow, type Effort, type StepEnd } from "./step-row.ts";

/**
 * Runs a transactional unit: its statements and its records commit together or not at all.
 * @throws LockstepError `migration-failed`, `lock-timeout`, `lease-lost`, `connection-lost`, `run-cancelled`
 */
export async function applyTransaction(context: RunContext, work: UnitWork): Promise<void> {
  const { migration, unit } = work;
  const statements = await Promise.all(
    unit.statements.map((statement) => eventStatement(migration, statement)),
  );
  const batch = composeBatch(context, work);
  const effort = beginEffort();
  await makeWayForUnit(context, work).catch(async (error: unknown) => {
    const statement = unit.statements[0];
    if (isLockstepError(error) && error !== context.halt.reason && statement !== undefined) {
      const { line } = statement;
      const problem = { error, statement, line, remained: "nothing", attempts: 1 } as const;
      await recordFailure(context, work, problem, statements[0]!.sql);
    }
    throw error;
  });
  for (;;) {
    context.halt.throwIfAborted();
    effort.attempts++;
    const progress = progressOf(context, work, statements, effort.attempts);
    const monitor = watch(context, progress.reach, batch.isBrief);
    let results: readonly BatchResult[];
    const sentAt = performance.now();
    try {
      results = await context.worker.send(async (session) => session.batch(batch.text));
      effort.waitedMs += monitor.stop();
    } catch (error) {
      const waitedMs = monitor.stop();
      const isTimeout = sqlState(error) === "55P03";
      effort.waitedMs += isTimeout ? performance.now() - sentAt : waitedMs;
      const outcome = await afterError(context, work, batch, statements, effort, error);
      if (outcome === "again") continue;
      results = [];
    }
    succeed(context, work, batch, statements, effort, results, progress);
    return;
  }
}

interface Progress {
  /** Emits what a monitor has seen: that the statement of this number (from 1, in the file) runs. Returns it. */
  readonly reach: (number: number | undefined) => EventStatement | undefined;
  /** How many statements were said to have begun. */
  begun(): number;
}

/** Statements of one transaction are sent together, so that only a look from outside tells which one runs. */
function progressOf(
  { emit }: RunContext,
  { unit }: UnitWork,
  statements: readonly EventStatement[],
  attempt: number,
): Progress {
  const first = unit.statements[0]?.index ?? 0;
  let begun = 0;
  const reach = (number = first + 1) => {
    while (begun < Math.min(number - first, statements.length))
      emit({ type: "step.started", statement: statements[begun++]!, attempt });
    return statements[begun - 1];
  };
  if (statements.length > 0) reach();
  return { reach, begun: () => begun };
}

function succeed(
  context: RunContext,
  work: UnitWork,
  batch: Batch,
  statements: readonly EventStatement[],
  effort: Effort,
  results: readonly BatchResult[],
  progress: Progress,
): void {
  const clocks = batch.clocks.map((slot) => results[slot]?.rows[0]?.["at"] as number | undefined);
  const total = performance.now() - effort.began;
  for (const [index, statement] of work.unit.statements.entries()) {
    const from = clocks[index];
    const to = clocks[index + 1];
    const ms = from !== undefined && to !== undefined ? to - from : total;
    const shown = statements[index]!;
    if (index >= progress.begun())
      context.emit({ type: "step.started", statement: shown, attempt: effort.attempts });
    context.emit({ type: "step.finished", statement: shown, ms });
    const end = { outcome: "succeeded", ms } as const;
    context.trace.add(stepRow(context, work, effort, statement, shown.sql, end));
  }
}

/** Decides what an error means: try again, done all the same, or the end of the run. */
async function afterError(
  context: RunContext,
  work: UnitWork,
  batch: Batch,
  statements: readonly EventStatement[],
  effort: Effort,
  error: unknown,
): Promise<"again" | "done"> {
  if (context.halt.aborted) context.canceller.rest();
  if (isConnectionLost(error)) return recover(context, work, error);
  try {
    await context.worker.batch("ROLLBACK");
  } catch (lost) {
    // The statement was cancelled first, and the connection went a moment later.
    if (isConnectionLost(lost)) return recover(context, work, lost);
    throw lost;
  }
  if (isFenceError(error)) throw leaseLost(error);
  const { statement, line, ours, check } = locate(batch, error);
  const index = statement === undefined ? -1 : work.unit.statements.indexOf(statement);
  const shown = statements.at(index);
  if (context.halt.aborted) {
    traceFailure(context, work, statements, effort, index, error, "cancelled");
    throw halted(context, work, false, error);
  }
  if (check !== undefined && !isTransient(error)) {
    const refusal = context.guard!.failure(check, error, work.unit.number > 0);
    traceFailure(context, work, statements, effort, 0, error, "failed");
    const reason = refusal.message;
    if (statements[0] !== undefined)
      context.emit({ type: "step.failed", statement: statements[0], reason });
    throw refusal;
  }
  if (ours && !isTransient(error)) throw ledgerFailure(error, context.where);
  const { attempts, retryForMs } = context.options;
  const spent = performance.now() - effort.began;
  if (isTransient(error) && effort.attempts < attempts && spent < retryForMs) {
    const pauseMs = Math.min(backOff(effort.attempts, 250, 15_000), retryForMs - spent);
    const reason = (error as Error).message;
    if (shown !== undefined)
      context.emit({
        type: "step.retried",
        statement: shown,
        attempt: effort.attempts,
        reason,
        pauseMs,
      });
    effort.pausedMs += pauseMs;
    await pause(pauseMs, context.halt);
    return "again";
  }
  const problem: UnitProblem = {
    error,
    statement,
    line: line ?? work.unit.statements.at(-1)?.line ?? 1,
    remained: "nothing",
    attempts: effort.attempts,
  };
  traceFailure(context, work, statements, effort, index, error, "failed");
  if (shown !== undefined)
    context.emit({
      type: "step.failed",
      statement: shown,
      reason: errorText(context.url, problem.error, problem.statement),
    });
  await recordFailure(context, work, problem, shown?.sql ?? "COMMIT");
  throw unitFailure(context, work, problem);
}

/** Traces the statement that failed and those before it, which were rolled back with it. */
function traceFailure(
  context: RunContext,
  work: UnitWork,
  statements: readonly EventStatement[],
  effort: Effort,
  failing: number,
  error: unknown,
  outcome: "failed" | "cancelled",
): void {
  const last = failing === -1 ? statements.length - 1 : failing;
  const ms = performance.now() - effort.began;
  for (const [index, statement] of work.unit.statements.slice(0, last + 1).entries()) {
    const end: StepEnd =
      index === last
        ? { outcome, ms, error, remained: "nothing" }
        : { outcome: "rolled-back", ms: null, remained: "nothing" };
    context.trace.add(stepRow(context, work, effort, statement, statements[index]!.sql, end));
  }
}
