import { check } from "../../check/index.ts";
import { answerAll, type CodeFit, type Facts } from "../../checklist/index.ts";
import { readVariables, runGateWithCauses, ScratchOnDemand } from "../../deploy/index.ts";
import { pointInTimeRecovery, readProvider } from "../../doctor/index.ts";
import { isLockstepError } from "../../errors/index.ts";
import { lastVerified, readRunDetail } from "../../ledger/index.ts";
import type { Session } from "../../pg/index.ts";
import { isProven, readPlans } from "../../plan/index.ts";
import { renderChecklist } from "../../report/index.ts";
import { readStatusOn, runOptions } from "../../runner/index.ts";
import { listSnapshots } from "../../snapshot/index.ts";
import { readWayBack, type MigrationFolder } from "../../tools/index.ts";
import type { WatchResult } from "../../watch/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import { chosenRelease } from "../release-contract.ts";
import {
  readFolder,
  readSettings,
  runnerSettings,
  scratchOptions,
  type TargetOptions,
} from "../settings.ts";
import { requestOf } from "./check.ts";

export interface ChecklistOptions extends TargetOptions {
  readonly stage?: "before" | "deploy" | "after";
}

/** `lockstep checklist`: exit code 1 when a line is answered with no. */
export async function checklistCommand(
  options: ChecklistOptions,
  context: Context,
): Promise<number> {
  const settings = await readSettings(options, context);
  const { loaded, environment } = settings;
  const folder = await readFolder(options, loaded, context);
  await using session = await openReader(environment.url, "checklist");
  const status = await readStatusOn(session, folder);
  const isPending = new Set(
    status.migrations.filter(({ state }) => state === "pending").map(({ id }) => id),
  );
  const pending = folder.migrations.filter(({ id }) => isPending.has(id));
  const plans = (await readPlans(context.cwd)).filter(isProven);
  const waysBack = pending.filter(
    (one) =>
      plans.some(({ manifest }) => manifest.migration.file === one.file) ||
      readWayBack(folder.tool, one, context.cwd) !== undefined,
  );
  const { rows } = await session.query<{ now: Date }>("SELECT pg_catalog.now() AS now");
  const { now } = rows[0]!;
  const facts: Facts = {
    status,
    pending,
    arePrograms: folder.program !== undefined,
    waysBack: new Set(waysBack.map(({ id }) => id)),
    check: pending.length === 0 ? undefined : await checkPending(options, loaded, context),
    recovery: await pointInTimeRecovery.examine({
      database: session,
      provider: await readProvider(session),
      now,
    }),
    snapshots: await listSnapshots(session),
    code: await codeFit({ settings, folder, session }, options, context),
    isCodeHeldBack: environment.deploy.command !== undefined,
    lastVerified: await lastVerified(session, environment.name),
    watch: await lastWatch(session, environment.name),
    windows: [environment.deploy.window ?? []].flat(),
    lockTimeoutMs: runOptions(runnerSettings(options, loaded)).lockTimeoutMs,
    now,
  };
  const lines = answerAll(facts).filter(
    ({ stage }) => options.stage === undefined || stage === options.stage,
  );
  const output = commandOutput(options, context);
  output.result({ version: 1, environment: environment.name, lines }, () =>
    renderChecklist(lines, output.style),
  );
  return lines.some(({ answer }) => answer === "no") ? 1 : 0;
}

/** What `lockstep check` says of the pending migrations. */
async function checkPending(
  { format: _format, ...options }: ChecklistOptions,
  loaded: Awaited<ReturnType<typeof readSettings>>["loaded"],
  context: Context,
): Promise<Facts["check"]> {
  const asked = { ...options, pipeline: false, cache: true, format: "json" } as const;
  return check(await requestOf([], asked, loaded, context));
}

/** What the gate says of the code in the working folder and the database as it is; only looked at where a line asks it. */
async function codeFit(
  {
    settings: { loaded, environment, others },
    folder,
    session,
  }: {
    readonly settings: Awaited<ReturnType<typeof readSettings>>;
    readonly folder: MigrationFolder;
    readonly session: Session;
  },
  options: ChecklistOptions,
  context: Context,
): Promise<CodeFit> {
  if ((options.stage ?? "deploy") !== "deploy") return { unknown: "not asked" };
  if (loaded.config.contract === undefined)
    return { unknown: "what the code expects is not known: no contract in the config" };
  await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
  try {
    const { contract } = chosenRelease({}, loaded, context);
    const source = environment.deploy.env ?? "process";
    const { differences, release } = await runGateWithCauses(
      {
        contract: await contract(async () => scratch.get(session.major)),
        database: session,
        environment: environment.name,
        env: await readVariables(source, { cwd: loaded.folder, env: context.env }),
        folder,
      },
      others,
    );
    const closing = differences.filter(({ severity }) => severity === "error");
    return { release, lacks: closing.map(({ object, found }) => `${object}: ${found}`) };
  } catch (error) {
    if (!isLockstepError(error)) throw error;
    return { unknown: error.explanation.what };
  }
}

async function lastWatch(session: Session, environment: string): Promise<Facts["watch"]> {
  const found = await readRunDetail(session, { command: "watch", environment, key: "watch" });
  return found && { at: found.at, result: found.value as WatchResult };
}
