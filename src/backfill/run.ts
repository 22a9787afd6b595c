import type { Emit } from "../events/index.ts";
import { Session, type SessionOptions } from "../pg/index.ts";
import { goesOn } from "./another-pass.ts";
import { workTogether } from "./crew.ts";
import type { JobSpec } from "./job.ts";
import { finishBackfill, forgetProcesses, noSuchBackfill, openBackfill } from "./job-store.ts";
import type { SteeringOptions } from "./limits.ts";
import { isFlagFill } from "./session-settings.ts";
import { triggersThatFire } from "./triggers.ts";
import { readBackfill, type BackfillStatus } from "./status.ts";

/** A backfill to be run by this process. */
export interface BackfillRun {
  /** The database; its ledger is installed. The role may update the table, and is a member of pg_monitor. */
  readonly url: string;
  /** What is to be done; one of this id that was begun goes on where it is, whoever began it. */
  readonly job: JobSpec;
  /** Workers in this process at the most, 1 by default. More than one work only while the server has slack. */
  readonly workers?: number;
  /** What is looked at, and the limits. */
  readonly steering?: SteeringOptions;
  /** False leaves vacuuming to autovacuum. True by default. */
  readonly vacuum?: boolean;
  readonly emit?: Emit;
  /** Aborted, the run ends after the batches that are at work. */
  readonly signal?: AbortSignal;
  /** Shown to people who ask who works; host and process by default. */
  readonly name?: string;
}

export interface BackfillResult {
  /**
   * `done`: every row is filled. `rejected`: every row was passed, some could not be filled. `paused`: by somebody, from
   * anywhere. `stopped`: by the signal. After all but the first the same run goes on where it was.
   */
  readonly outcome: "done" | "rejected" | "paused" | "stopped";
  readonly status: BackfillStatus;
  readonly ms: number;
}

/**
 * Runs a backfill to its end, as fast as the server bears it. Any number of processes, on any machines, can run the same
 * one at once; each can be killed at any point. A lost connection is opened again for a minute.
 *
 * @throws LockstepError `backfill-key`, `backfill-changed`, `connection-…`; an error of the server that would meet every
 *   row (a missing column, a missing privilege)
 */
export async function runBackfill(run: BackfillRun): Promise<BackfillResult> {
  const started = performance.now();
  const { emit = () => {}, workers = 1 } = run;
  const session: SessionOptions = { url: run.url, applicationName: "lockstep/backfill" };
  const { job, begun, triggers } = await takeUp(session, run.job);
  const { id, table } = job;
  const { estimate, passed, state } = begun;
  if (state === "done") return { outcome: "done", status: begun, ms: performance.now() - started };
  emit({ type: "backfill.started", backfill: id, table, estimate, passed, workers });
  if (triggers.length > 0)
    emit({
      type: "notice",
      severity: "warning",
      message: `triggers of ${table} fire for filled rows too: ${triggers.join(", ")}; ${isFlagFill(job) ? "they can tell by current_setting('lockstep.backfill', true)" : "as for any other UPDATE"}`,
    });
  let end = await workTogether({ run, session, job, emit });
  await using closing = await Session.open(session);
  while (end === "done" && job.key === null && (await goesOn(closing, job, emit)))
    end = await workTogether({ run, session, job, emit });
  const isDone = end === "done" && (await finishBackfill(closing, id));
  const status = await readBackfill(closing, id);
  if (status === undefined) throw noSuchBackfill(id, closing.where);
  const outcome = isDone ? "done" : end === "done" ? "rejected" : end;
  const ms = performance.now() - started;
  const { changed } = status;
  emit({ type: "backfill.finished", backfill: id, outcome, passed: status.passed, changed, ms });
  return { outcome, status, ms };
}

/** Takes the backfill up where it is. */
async function takeUp(options: SessionOptions, spec: JobSpec) {
  await using session = await Session.open(options);
  const job = await openBackfill(session, spec);
  await forgetProcesses(session, job.id);
  const begun = await readBackfill(session, job.id);
  if (begun === undefined) throw noSuchBackfill(job.id, session.where);
  return { job, begun, triggers: await triggersThatFire(session, job.table) };
}
