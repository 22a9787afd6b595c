import { randomUUID } from "node:crypto";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { Session } from "../pg/index.ts";
import {
  hasWork,
  ledgerFailure,
  readOutstanding,
  runOptions,
  sessionName,
} from "../runner/index.ts";
import type { Migration, MigrationFolder } from "../tools/index.ts";
import { GuardedCommand, type Done, type Locked } from "./guarded-command.ts";
import type { WrappedRequest, WrappedResult } from "./request.ts";
import { underLock } from "./under-lock.ts";

/**
 * Runs a migration tool's own command under Lockstep's lock, and believes the database alone: what is applied is what its
 * ledger and catalog show afterwards, whatever the command's exit code says.
 *
 * @throws LockstepError what `readOutstanding` and the lock throw; `migration-unresolved` when the tool cannot run,
 * `command-did-nothing`, `command-failed`, `command-incomplete`, `lock-timeout`, `postcondition-failed`, `run-cancelled`,
 * `lease-lost`, `orphan-still-running`
 */
export async function runWrapped(request: WrappedRequest): Promise<WrappedResult> {
  const began = performance.now();
  const { url, folder, emit } = request;
  const run = request.run ?? randomUUID();
  const options = runOptions(request.options);
  requireLedger(folder);
  await using session = await Session.open({ url, applicationName: sessionName(run, "keeper") });
  const { todo } = await readOutstanding(session, folder, options);
  const pending = todo.pending.length;
  emit({ type: "run.started", command: options.command, target: session.where, pending });
  const applied: Migration[] = [];
  const finish = (outcome: "succeeded" | "failed" | "stopped") =>
    emit({ type: "run.finished", outcome, applied: applied.length, ms: performance.now() - began });
  try {
    const done = hasWork(todo)
      ? await runLocked({ request, run, options, applied }, session)
      : undefined;
    finish("succeeded");
    const { adopted = [], ended, attempts = 0, isGuarded = false } = done ?? {};
    return {
      run,
      applied: applied.map(({ id, file }) => ({ id, file })),
      adopted,
      ended,
      attempts,
      isGuarded,
      isVerified: done?.isVerified ?? false,
      fingerprint: done?.fingerprint,
      ms: performance.now() - began,
    };
  } catch (error) {
    const failure = isLockstepError(error) ? error : ledgerFailure(error, session.where);
    finish(failure.code === "run-cancelled" ? "stopped" : "failed");
    throw failure;
  }
}

async function runLocked(locked: Locked, session: Session): Promise<Done> {
  const { request, options } = locked;
  const isDone = async () =>
    !hasWork((await readOutstanding(session, request.folder, options)).todo);
  const done = await underLock(locked, session, isDone, async (keeper, halt) =>
    new GuardedCommand(locked, keeper, halt).go(),
  );
  return done ?? {};
}

/** @throws LockstepError `usage` for a folder whose tool keeps none */
export function requireLedger({ ledger, path }: MigrationFolder): void {
  if (ledger !== undefined) return;
  throw new LockstepError("usage", {
    what: `which of ${path} is applied cannot be seen: the folder's tool keeps no ledger that is known`,
    expected: "a folder of a tool that is known, or migrations.ledger in the config",
    found: "plain SQL",
    from: path,
    why: "a command's exit code proves nothing: what it did is read in the tool's ledger",
    next: [
      'name it: migrations: { tool: "command", ledger: { table: "…", column: "…" } } in lockstep.config',
      "or let Lockstep apply the folder itself: lockstep migrate",
    ],
  });
}
