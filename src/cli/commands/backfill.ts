import { randomUUID } from "node:crypto";
import {
  listBackfills,
  noSuchBackfill,
  readJob,
  retryRejected,
  runBackfill,
  setPaused,
  unfinished,
  type BackfillResult,
  type BackfillStatus,
} from "../../backfill/index.ts";
import { LockstepError } from "../../errors/index.ts";
import { installLedger, readLedgerVersion } from "../../ledger/index.ts";
import { Session } from "../../pg/index.ts";
import { parkedLines, readParked } from "../../phases/index.ts";
import { renderBackfills, renderParked } from "../../report/index.ts";
import { accompanied } from "../accompanied.ts";
import { backfillSettings, type SteeringWords } from "../backfill-steering.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import { readSettings, type TargetOptions } from "../settings.ts";

/** `lockstep backfill status`: how far each is. Exit code 1 while rows stand rejected or parked: they need a person. */
export async function backfillStatusCommand(
  id: string | undefined,
  options: TargetOptions,
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  await using session = await openReader(environment.url, "backfill status");
  const backfills = await chosen(session, id);
  const parked = await readParked(session, plansOf(backfills));
  const lines = parked.map((one) => ({ ...one, lines: parkedLines(one) }));
  const output = commandOutput(options, context);
  output.result({ version: 1, environment: environment.name, backfills, parked }, () =>
    [renderBackfills(backfills, output.style), ...renderParked(lines, output.style)].join("\n\n"),
  );
  const isRejected = backfills.some(({ rejected }) => rejected.length > 0);
  return isRejected || parked.length > 0 ? 1 : 0;
}

/** The plans whose rows they fill: `plan/1`. */
function plansOf(backfills: readonly BackfillStatus[]): readonly string[] {
  return [...new Set(backfills.map(({ id }) => id.split("/", 1)[0]!))];
}

export interface BackfillRunOptions extends TargetOptions, SteeringWords {
  readonly retryRejected?: boolean;
}

/** `lockstep backfill run`: goes on with one, or with all that are not done, one after the other. */
export async function backfillRunCommand(
  id: string | undefined,
  options: BackfillRunOptions,
  context: Context,
): Promise<number> {
  const { environment, loaded } = await readSettings(options, context);
  const { url } = environment;
  const output = commandOutput(options, context);
  const about = { run: randomUUID(), url, environment: environment.name, command: "backfill" };
  const settings = backfillSettings(options, loaded);
  const todo = await takeStock(url, id, options.retryRejected === true);
  const results: BackfillResult[] = [];
  await accompanied({ ...about, output }, context, async (live) => {
    for (const { where, job } of todo) {
      const result = await runBackfill({ ...settings, ...live, url, job });
      const failure = unfinished(result, where);
      if (failure !== undefined) throw failure;
      results.push(result);
    }
  });
  output.result(
    {
      version: 1,
      environment: environment.name,
      backfills: results.map(({ outcome, status, ms }) => ({ ...status, outcome, ms })),
    },
    () => (results.length === 0 ? "nothing to do: every backfill is done" : ""),
  );
  return 0;
}

/** The jobs that are to be run, with rejected rows tried again when that is asked for. */
async function takeStock(url: string, id: string | undefined, isRetry: boolean) {
  await using session = await Session.open({ url, applicationName: "lockstep/backfill" });
  if (id !== undefined) await installLedger(session);
  const open = (await chosen(session, id)).filter(({ state }) => state !== "done");
  const jobs = [];
  for (const status of open) {
    const job = (await readJob(session, status.id))!;
    if (isRetry) await retryRejected(session, job);
    jobs.push({ job, where: session.where });
  }
  return jobs;
}

/** `lockstep backfill pause` and `resume`. */
export async function backfillPauseCommand(
  isPause: boolean,
  id: string | undefined,
  options: TargetOptions,
  context: Context,
): Promise<number> {
  const { environment } = await readSettings(options, context);
  await using session = await openReader(environment.url, "backfill");
  const open = (await chosen(session, id)).filter(
    ({ id: each, state }) => each === id || state !== "done",
  );
  const [one] = open;
  if (one === undefined || open.length > 1)
    throw new LockstepError("usage", {
      what: `which backfill is to be ${isPause ? "paused" : "resumed"}?`,
      expected: "its id, when there is not exactly one that is not done",
      found: open.length === 0 ? "none that is not done" : open.map((each) => each.id).join(", "),
      from: session.where,
      next: ["lockstep backfill status"],
    });
  await setPaused(session, one.id, isPause);
  const output = commandOutput(options, context);
  const [now] = await chosen(session, one.id);
  output.result({ version: 1, environment: environment.name, backfill: now }, () =>
    renderBackfills([now!], output.style),
  );
  return 0;
}

/**
 * All backfills, or the one of this id.
 * @throws LockstepError `backfill-missing`
 */
async function chosen(
  session: Session,
  id: string | undefined,
): Promise<readonly BackfillStatus[]> {
  const all = (await readLedgerVersion(session)) === 0 ? [] : await listBackfills(session);
  if (id === undefined) return all;
  const one = all.filter((each) => each.id === id);
  if (one.length === 0) throw noSuchBackfill(id, session.where);
  return one;
}
