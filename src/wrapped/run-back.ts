import { isLockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import { ledgerFailure, runOptions, sessionName } from "../runner/index.ts";
import { CommandBack, type BackRequest } from "./command-back.ts";
import { requireLedger } from "./run-wrapped.ts";
import { underLock } from "./under-lock.ts";

/**
 * Runs a tool's own way back under Lockstep's lock, and believes the database alone: the migration is taken back when its row
 * is gone from the tool's ledger and the catalog is as it was seen on scratch. Lockstep's ledger forgets it then.
 *
 * @throws LockstepError what `recheck` throws; `command-did-nothing`, `command-failed`, `command-incomplete`, `lock-timeout`,
 * `postcondition-failed`, `migration-unresolved`, `run-cancelled`, `lease-lost`, `orphan-still-running`
 */
export async function runBack(request: BackRequest): Promise<void> {
  const began = performance.now();
  const { url, folder, emit, run } = request;
  const options = runOptions({ ...request.options, command: "rollback" });
  requireLedger(folder);
  await using session = await Session.open({ url, applicationName: sessionName(run, "keeper") });
  emit({ type: "run.started", command: "rollback", target: session.where, pending: 1 });
  const finish = (outcome: "succeeded" | "failed" | "stopped") =>
    emit({ type: "run.finished", outcome, applied: 0, ms: performance.now() - began });
  try {
    await underLock(
      { request, run, options },
      session,
      async () => false,
      async (keeper, halt) => new CommandBack(request, options, keeper, halt).go(),
    );
    finish("succeeded");
  } catch (error) {
    const failure = isLockstepError(error) ? error : ledgerFailure(error, session.where);
    finish(failure.code === "run-cancelled" ? "stopped" : "failed");
    throw failure;
  }
}
