import { isLockstepError, LockstepError } from "../errors/index.ts";
import type { Session } from "../pg/index.ts";
import { quoteLiteral } from "../sql/index.ts";
import type { RunContext, UnitWork } from "./context.ts";
import { ledgerFailure } from "./ledger-failure.ts";
import { pause } from "./pause.ts";

const reopenForMs = 30_000;
/** When the run ends anyway, only what happened is still to be found out. */
const reopenToTellMs = 5_000;

/**
 * Opens a new session for the worker after its connection was lost, and waits until the old backend is gone: what it
 * did is then final. Tries even when the lock went too, to be able to tell what happened; the run's halt says so.
 * @throws LockstepError `connection-lost` when no connection can be had, `lease-lost`
 */
export async function reopenWorker(context: RunContext, error: unknown): Promise<void> {
  const { worker, halt } = context;
  using _held = context.canceller.hold();
  const oldPid = worker.pid;
  const began = Date.now();
  const giveUp = () => {
    if (Date.now() - began < (halt.aborted ? reopenToTellMs : reopenForMs)) return;
    throw halt.aborted ? halt.reason : ledgerFailure(error, context.where);
  };
  for (let attempt = 1; ; attempt++) {
    try {
      await worker.reopen();
      break;
    } catch {
      giveUp();
      await pause(Math.min(250 * attempt, 2_000));
    }
  }
  while (await isAlive(worker.session, oldPid)) {
    giveUp();
    await pause(100);
  }
  // What took this connection may have taken the lock's too, whose end is noticed a moment later.
  if (!halt.aborted) await context.isLockLost();
}

/**
 * After the worker's connection was lost in a transaction, perhaps at its COMMIT: looks for the unit's record, which
 * was written in that very transaction.
 *
 * @returns `done` when it committed, `again` when it did not and may be sent again
 * @throws LockstepError the reason for the run's halt, with what was found out
 */
export async function recover(
  context: RunContext,
  work: UnitWork,
  error: unknown,
): Promise<"again" | "done"> {
  using _held = context.canceller.hold();
  await reopenWorker(context, error);
  const isDone = await isRecorded(context, work);
  if (context.halt.aborted) throw halted(context, work, isDone, error);
  const told = fateOf(work, isDone);
  context.emit({
    type: "notice",
    severity: "warning",
    message: `the connection was lost; ${told}${isDone ? "" : ", it is sent again"}`,
  });
  return isDone ? "done" : "again";
}

/** The reason for the run's halt, with what became of the transaction that was in flight. */
export function halted(
  { halt }: RunContext,
  work: UnitWork,
  isDone: boolean,
  cause: unknown,
): unknown {
  const reason: unknown = halt.reason;
  if (!isLockstepError(reason)) return reason;
  const { found = "", ...rest } = reason.explanation;
  const told = `${found}; ${fateOf(work, isDone)}`;
  return new LockstepError(reason.code, { ...rest, found: told }, { cause });
}

function fateOf({ migration: { file } }: UnitWork, isDone: boolean): string {
  return isDone
    ? `the transaction of ${file} that was in flight had committed and is recorded`
    : `nothing of the transaction of ${file} that was in flight remained`;
}

async function isAlive(session: Session, pid: number): Promise<boolean> {
  const { rows } = await session.query(
    "SELECT FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND application_name LIKE 'lockstep/%'",
    [pid],
  );
  return rows.length > 0;
}

async function isRecorded(
  { signature, worker, committed }: RunContext,
  { migration, unit, last }: UnitWork,
): Promise<boolean> {
  // The standby that took over may not have had the ledger yet.
  const { rows: ledger } = await worker.session.query(
    "SELECT FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass('lockstep.unit')",
  );
  if (ledger.length === 0) return false;
  if (last && committed !== undefined)
    return (await worker.session.query(committed(signature))).rows.length > 0;
  const by = `source = ${quoteLiteral(signature.source)} AND run = '${signature.run}'`;
  const { rows } = await worker.session.query(
    last
      ? `SELECT FROM lockstep.migration WHERE ${by} AND id = ${quoteLiteral(migration.id)}`
      : `SELECT FROM lockstep.unit WHERE ${by} AND migration = ${quoteLiteral(migration.id)} AND number = ${unit.number} AND state = 'done'`,
  );
  return rows.length > 0;
}
