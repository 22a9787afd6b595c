import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { LockstepError } from "../../errors/index.ts";
import { plansInFlight } from "../../ledger/index.ts";
import {
  chooseRun,
  endSession,
  readLiveRuns,
  sessionsOf,
  stopRun,
  type LiveRun,
  type RunSession,
  type Stopped,
} from "../../live/index.ts";
import { listBackfills } from "../../backfill/index.ts";
import type { Session } from "../../pg/index.ts";
import {
  renderCancel,
  renderEndedByForce,
  renderPlace,
  renderSessions,
  type CancelReport,
} from "../../report/index.ts";
import { localActor, readStatusOn } from "../../runner/index.ts";
import { confirmed } from "../confirm.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import { targetWords } from "../target-words.ts";
import { listFolderIfNamed, readSettings, type TargetOptions } from "../settings.ts";

export interface CancelOptions extends TargetOptions {
  readonly reason?: string;
  /** How long to wait for the run's end, in ms. */
  readonly wait?: number;
  readonly force?: boolean;
  readonly yes?: boolean;
}

const defaultWaitMs = 60_000;

/**
 * `lockstep cancel`: a clean stop of a run, from another terminal. Exit code 0 when it has ended, 1 when a person did not
 * confirm that sessions are to be ended by force.
 */
export async function cancelCommand(
  run: string | undefined,
  options: CancelOptions,
  context: Context,
): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const folder = await listFolderIfNamed(options, loaded, context);
  await using session = await openReader(environment.url, "cancel");
  const output = commandOutput(options, context);
  const tell = (text: string) => context.stderr.write(`${text}\n`);
  const tellPlace = (one: LiveRun) => {
    const place = renderPlace(one, output.style);
    if (place !== "") tell(place);
  };
  const ended: number[] = [];
  if (options.force === true) {
    if (run === undefined) throw unnamed();
    const meant = chooseRun(await readLiveRuns(session), run, session.where);
    const sessions = await sessionsOf(session, meant);
    tell(`${meant.command}, run ${meant.run.slice(0, 8)}, of ${meant.holder}`);
    tellPlace(meant);
    tell(`\nits sessions:\n${renderSessions(sessions, output.style)}`);
    if (!(await confirmed("end all of these sessions?", options.yes, context))) {
      const report = { version: 1, environment: environment.name, run: meant.run, ended };
      output.result(report, () => "nothing was ended");
      return 1;
    }
    ended.push(...(await endAll(session, sessions)));
  }
  const stopped = await stopRun(session, {
    run,
    by: `${localActor()}@${hostname()}`,
    reason: options.reason,
    waitMs: options.wait ?? defaultWaitMs,
    signal: context.signal,
    onAsked: (asked) => {
      if (output.format !== "text") return;
      tell(`asked to stop: ${asked.command}, run ${asked.run.slice(0, 8)}, of ${asked.holder}`);
      tellPlace(asked);
    },
  }).catch((error: unknown) => {
    if (ended.length > 0 && isGone(error)) return undefined;
    throw error;
  });
  if (stopped === undefined) {
    const report = { version: 1, environment: environment.name, run, ended };
    output.result(report, () => renderEndedByForce(run!, output.style, targetWords(options)));
    return 0;
  }
  const pending = folder && (await readStatusOn(session, folder)).migrations;
  const report: CancelReport = {
    version: 1,
    environment: environment.name,
    run: stopped.run.run,
    command: stopped.run.command,
    outcome: stopped.record?.outcome ?? null,
    waitedMs: Math.round(stopped.waitedMs),
    applied: stopped.run.doing.applied,
    pending:
      pending
        ?.filter(({ state }) => ["pending", "failed", "partly-applied"].includes(state))
        .map(({ id }) => id) ?? null,
    unfinished: await unfinishedWork(session, stopped),
    ended,
  };
  output.result(report, () => renderCancel(report, stopped, output.style));
  return 0;
}

/** Each is looked at again before it is ended; what is gone meanwhile went with another one. */
async function endAll(session: Session, sessions: readonly RunSession[]): Promise<number[]> {
  const ended: number[] = [];
  for (const one of sessions)
    try {
      await endSession(session, one);
      ended.push(one.pid);
    } catch (error) {
      const isWithAnother = ended.length > 0 && (error as LockstepError).code === "blocker-changed";
      if (!isWithAnother) throw error;
    }
  await untilGone(session, ended);
  return ended;
}

/** A backend is told to end, and is seen for a moment longer. */
async function untilGone(session: Session, pids: readonly number[]): Promise<void> {
  for (let looks = 0; looks < 100; looks++) {
    const { rows } = await session.query(
      "SELECT FROM pg_catalog.pg_stat_activity WHERE pid = ANY ($1)",
      [pids],
    );
    if (rows.length === 0) return;
    await sleep(50);
  }
}

function isGone(error: unknown): boolean {
  return error instanceof LockstepError && error.code === "run-not-found";
}

/** Plans and backfills that were begun and wait to be gone on with. */
async function unfinishedWork(session: Session, { run }: Stopped): Promise<readonly string[]> {
  const plans = (await plansInFlight(session))
    .filter(({ phase }) => phase !== "ready")
    .map(({ id, phase }) => `plan ${id} is in its ${phase} phase`);
  const backfills = (await listBackfills(session))
    .filter(({ state }) => state !== "done")
    .map(
      ({ id, passed, estimate }) => `backfill ${id}: ${passed} of about ${estimate} rows passed`,
    );
  const { step } = run.doing;
  return [
    ...(step === undefined ? [] : [`stopped at ${step.file}:${step.line}`]),
    ...plans,
    ...backfills,
  ];
}

function unnamed(): LockstepError {
  return new LockstepError("usage", {
    what: "--force ends sessions, and only those of a run that is named",
    expected: "the first characters of the run's id",
    next: [
      "lockstep status: the runs that are under way",
      "lockstep cancel, without --force, first",
    ],
  });
}
