import { isLockstepError, LockstepError } from "../errors/index.ts";
import type { EventStatement } from "../events/index.ts";
import { isFenceError, recordUnitSql, type Remained, type UnitRow } from "../ledger/index.ts";
import { isConnectionLost } from "../pg/index.ts";
import { records } from "./batch.ts";
import { eventStatement, type RunContext, type UnitWork } from "./context.ts";
import { errorText, isTransient, unitFailure, type UnitProblem } from "./failure.ts";
import { leaseLost, ledgerFailure } from "./ledger-failure.ts";
import { isDone, makeWay, removeLeftovers } from "./leftovers/index.ts";
import { watch } from "./monitor.ts";
import { backOff, pause } from "./pause.ts";
import { examine, isRepeatable } from "./postcondition/index.ts";
import { recordFailure } from "./record-failure.ts";
import { reopenWorker } from "./recover.ts";
import { beginEffort, stepRow, type Effort } from "./step-row.ts";
import { limitsOf } from "./timeouts.ts";

/**
 * Runs a statement that cannot share a transaction with its record: a durable "started" row before, its
 * post-condition in the catalog after, then the records. What a failed attempt leaves is removed.
 *
 * @param left the row of an earlier run that did not come to its end
 * @throws LockstepError `migration-failed`, `lock-timeout`, `postcondition-failed`, `migration-unresolved`,
 * `lease-lost`, `connection-lost`, `run-cancelled`
 */
export async function applyStatement(
  context: RunContext,
  work: UnitWork,
  left: UnitRow | undefined,
): Promise<void> {
  const statement = work.unit.statements[0]!;
  const shown = await eventStatement(work.migration, statement);
  const effort = beginEffort();
  await setUp(context, work);
  // A row of other statements tells nothing: those were corrected since.
  let started = left?.hash === work.unit.hash ? left : undefined;
  // Whether the statement may have come to its end without our hearing of it.
  let inDoubt = started !== undefined;
  for (;;) {
    context.halt.throwIfAborted();
    effort.attempts++;
    if (inDoubt && (await isFound(context, work, started!)))
      return finish(context, work, shown, effort, "found");
    inDoubt = false;
    started = await start(context, work, started);
    await setUp(context, work);
    const error = await attempt(context, work, shown, effort);
    if (error === undefined) break;
    if (isLockstepError(error)) throw await stopped(context, work, shown, effort, error);
    if (isConnectionLost(error)) {
      await reopenWorker(context, error);
      await setUp(context, work);
      inDoubt = true;
    } else await afterError(context, work, shown, effort, error);
  }
  const { failing, remained } = await examine(context.worker.session, [statement]);
  if (failing.length > 0) throw await missed(context, work, shown, effort, failing, remained);
  await finish(context, work, shown, effort, "succeeded");
}

/**
 * Whether an interrupted statement came to its end before its run did.
 * @throws LockstepError `migration-unresolved` when that cannot be known and sending it again may do harm
 */
async function isFound(context: RunContext, work: UnitWork, left: UnitRow): Promise<boolean> {
  const statement = work.unit.statements[0]!;
  if (isRepeatable(statement)) return false;
  if (left.heldBefore === false && (await isDone(context, statement))) return true;
  const { remained } = await examine(context.worker.session, [statement]);
  if (left.state !== "started" || remained !== "unknown" || statement.kind === "IndexStmt")
    return false;
  const place = `${work.migration.file}:${statement.line}`;
  throw new LockstepError("migration-unresolved", {
    what: `${place}: I do not know whether this statement ran to its end`,
    expected: "an effect that can be looked up in the catalog",
    found: `it was started on ${left.at.toISOString()} outside a transaction, and its run died`,
    from: place,
    why: "what it does to the data cannot be seen in the catalog, and running it twice may do harm",
    next: [
      `look whether it did its work, then: lockstep resolve ${work.migration.id} --as applied --force "WHY", or --as rolled-back to have it run again`,
    ],
  });
}

/** Records, durably, that the statement is about to be sent, and whether its effect is there already. */
async function start(
  context: RunContext,
  work: UnitWork,
  left: UnitRow | undefined,
): Promise<UnitRow> {
  const { migration, unit } = work;
  const statement = unit.statements[0]!;
  const row: UnitRow = {
    migration: migration.id,
    number: unit.number,
    hash: unit.hash,
    line: statement.line,
    state: "started",
    // Known from before the first attempt, when there was one.
    heldBefore: left?.heldBefore ?? (await isDone(context, statement)),
    run: context.signature.run,
    at: new Date(),
    failure: undefined,
  };
  await context.worker.resetSettings();
  const begun = context.native?.beginSql?.(migration) ?? [];
  await commit(context, [recordUnitSql(context.signature, row), ...begun]);
  return row;
}

/** Sends the statement once. Gives the error, if any. */
async function attempt(
  context: RunContext,
  work: UnitWork,
  shown: EventStatement,
  effort: Effort,
): Promise<unknown> {
  const statement = work.unit.statements[0]!;
  const monitor = watch(context, () => shown);
  try {
    const sql = await makeWay(context, work, statement);
    await setUp(context, work);
    context.halt.throwIfAborted();
    context.emit({ type: "step.started", statement: shown, attempt: effort.attempts });
    await context.worker.send(async (session) => session.query(sql));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    effort.waitedMs += monitor.stop();
  }
}

/** Something was in the way: the statement was not even sent. */
async function stopped(
  context: RunContext,
  work: UnitWork,
  shown: EventStatement,
  effort: Effort,
  error: LockstepError,
): Promise<LockstepError> {
  if (error !== context.halt.reason) await fail(context, work, shown, effort, error, "nothing");
  return error;
}

/** Removes what the attempt left, then pauses before another one or ends the run. */
async function afterError(
  context: RunContext,
  work: UnitWork,
  shown: EventStatement,
  effort: Effort,
  error: unknown,
): Promise<void> {
  const statement = work.unit.statements[0]!;
  const { options, halt } = context;
  if (halt.aborted) context.canceller.rest();
  if (halt.aborted) await tidyBeforeStop(context, work, shown, effort, error);
  const isClean = await removeLeftovers(context, statement);
  const spent = performance.now() - effort.began;
  // One wait to the end of the budget is not repeated; a deadlock before is.
  const most = limitsOf(statement).waitsForOthers ? options.concurrentWaitMs : options.retryForMs;
  if (isTransient(error) && effort.attempts < options.attempts && spent < most) {
    const pauseMs = Math.min(backOff(effort.attempts, 250, 15_000), most - spent);
    const { attempts } = effort;
    const reason = (error as Error).message;
    context.emit({ type: "step.retried", statement: shown, attempt: attempts, reason, pauseMs });
    effort.pausedMs += pauseMs;
    await pause(pauseMs, halt);
    return;
  }
  await setUp(context, work);
  const finding = await examine(context.worker.session, [statement]);
  const remained = isClean ? finding.remained : "something";
  throw await fail(context, work, shown, effort, error, remained);
}

/** After Ctrl-C: a few seconds for the clean-up; what it does not manage, the next run does. */
async function tidyBeforeStop(
  context: RunContext,
  work: UnitWork,
  shown: EventStatement,
  effort: Effort,
  error: unknown,
): Promise<never> {
  const { halt } = context;
  const statement = work.unit.statements[0]!;
  const end = { outcome: "cancelled", ms: null, error, remained: "unknown" } as const;
  context.trace.add(stepRow(context, work, effort, statement, shown.sql, end));
  const isStop = (halt.reason as LockstepError).code === "run-cancelled";
  if (isStop) await removeLeftovers(context, statement, 3_000);
  throw halt.reason;
}

/** The statement succeeded and the catalog does not show it. */
async function missed(
  context: RunContext,
  work: UnitWork,
  shown: EventStatement,
  effort: Effort,
  failing: readonly string[],
  remained: Remained,
): Promise<LockstepError> {
  const place = `${work.migration.file}:${shown.line}`;
  const error = new LockstepError("postcondition-failed", {
    what: `${place}: the server reported success, but the catalog does not show the effect`,
    expected: failing.join("\n"),
    found: remained === "nothing" ? "nothing of it" : "only part of it",
    from: place,
    why: "another session undid it at once, or an event trigger did",
    next: ["look at the object, then run the same command again"],
  });
  await fail(context, work, shown, effort, error, remained);
  return error;
}

/** Leaves the rows and the event of a failure, and gives the error to end with. */
async function fail(
  context: RunContext,
  work: UnitWork,
  shown: EventStatement,
  effort: Effort,
  error: unknown,
  remained: Remained,
): Promise<LockstepError> {
  const statement = work.unit.statements[0]!;
  const { line } = statement;
  const problem: UnitProblem = { error, statement, line, remained, attempts: effort.attempts };
  const ms = performance.now() - effort.began;
  const end = { outcome: "failed", ms, error, remained } as const;
  context.trace.add(stepRow(context, work, effort, statement, shown.sql, end));
  const reason = errorText(context.url, error, statement);
  context.emit({ type: "step.failed", statement: shown, reason });
  await recordFailure(context, work, problem, shown.sql);
  return unitFailure(context, work, problem);
}

async function finish(
  context: RunContext,
  work: UnitWork,
  shown: EventStatement,
  effort: Effort,
  outcome: "succeeded" | "found",
): Promise<void> {
  await context.worker.resetSettings();
  await commit(context, records(context, { ...work, ownRow: true }));
  const ms = performance.now() - effort.began;
  const statement = work.unit.statements[0]!;
  context.trace.add(stepRow(context, work, effort, statement, shown.sql, { outcome, ms }));
  context.emit({ type: "step.finished", statement: shown, ms });
}

/** Settings in force for the statement: the file's own so far, and our limits unless the file has set them. */
async function setUp({ worker, options }: RunContext, { unit }: UnitWork): Promise<void> {
  const statement = unit.statements[0]!;
  const { waitsForOthers, catalogOnly } = limitsOf(statement);
  const limits = [
    `SET lock_timeout = ${waitsForOthers ? options.concurrentWaitMs : options.lockTimeoutMs}`,
    `SET statement_timeout = ${catalogOnly ? options.statementTimeoutMs + options.lockTimeoutMs : 0}`,
  ];
  await worker.batch([...limits, ...unit.settings.map(({ sql }) => sql)].join("\n;\n"));
}

/** Commits records in a transaction of their own. */
async function commit(context: RunContext, sql: readonly string[]): Promise<void> {
  try {
    await context.worker.batch(["BEGIN", ...sql, "COMMIT"].join("\n;\n"));
  } catch (error) {
    if (isConnectionLost(error)) throw ledgerFailure(error, context.where);
    if (context.halt.aborted) context.canceller.rest();
    await context.worker.batch("ROLLBACK");
    context.halt.throwIfAborted();
    throw isFenceError(error) ? leaseLost(error) : ledgerFailure(error, context.where);
  }
}
