import { randomUUID } from "node:crypto";
import { instanceTtlMs } from "../../deploy/index.ts";
import { loadConfig, type ChosenEnvironment } from "../../config/index.ts";
import { LockstepError } from "../../errors/index.ts";
import {
  carry,
  contract,
  type CarryRequest,
  type CarryResult,
  type Finished,
} from "../../phases/index.ts";
import { readPlans } from "../../plan/index.ts";
import { count, duration } from "../../report/index.ts";
import { accompanied, type Accompanied } from "../accompanied.ts";
import { backfillSettings, type SteeringWords } from "../backfill-steering.ts";
import { isSomethingPending, snapshotBefore } from "../snapshots.ts";
import {
  holdBefore,
  notingReasons,
  windowSettings,
  type ApplyOnly,
  type WindowOptions,
} from "../windows.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import {
  gitCommit,
  listFolderIfNamed,
  readFolder,
  readSettings,
  runnerSettings,
  type RunnerOptions,
} from "../settings.ts";

/** Options of commands that carry plans. */
export interface PhaseOptions extends RunnerOptions, WindowOptions, Pick<SteeringWords, "workers"> {
  readonly phase?: "expand" | "contract";
  /** `name: reason`. */
  readonly consent?: string;
  /** The same for values that are parked. */
  readonly acceptParked?: string;
  /** For how long no statement may name what the contract phase takes away, in ms. */
  readonly quietFor?: number;
  readonly snapshot?: boolean;
}

/** How long no statement may name what goes, unless the option says otherwise. */
const defaultQuietMs = 60_000;

/** `lockstep migrate`: applies what is pending, plans up to their contract phase; with `--phase` one phase of plans. */
export async function migrateCommand(
  plan: string | undefined,
  command: readonly string[] | undefined,
  options: PhaseOptions,
  context: Context,
): Promise<number> {
  if (options.phase !== "contract") refuseUnused(plan, options);
  const ahead = await holdIfWanted(command, options, context);
  if (options.phase !== "contract") await snapshotIfWanted(options, context);
  if (options.phase === undefined && (await isWrapped(command, options, context))) {
    const { wrappedCommand } = await import("./migrate-wrapped.ts");
    return wrappedCommand(requireWords(command), options, context);
  }
  const request = await carryRequest(options, context);
  const { output, ...rest } = request;
  if (options.phase === "contract") {
    const quietMs = options.quietFor ?? defaultQuietMs;
    const { consent, acceptParked } = options;
    const finished = await notingReasons(request, options, async () =>
      accompanied({ ...request, command: "migrate" }, context, async (live) =>
        contract({ ...rest, ...live, plan, quietMs, consent, acceptParked }),
      ),
    );
    output.result({ version: 1, environment: rest.environment, finished }, () =>
      finishedSummary(finished),
    );
    return 0;
  }
  const upTo = options.phase === "expand" ? "expand" : undefined;
  const result = await notingReasons(request, options, async () =>
    accompanied({ ...request, command: "migrate" }, context, async (live) =>
      carry({
        ...rest,
        ...live,
        upTo,
        runProgram: await programRunner(request, live, options, context),
      }),
    ),
  );
  const all = {
    ...result,
    applied: [...ahead.applied, ...result.applied],
    adopted: [...ahead.adopted, ...result.adopted],
    ms: ahead.ms + result.ms,
  };
  output.result({ version: 1, environment: rest.environment, ...all }, () => summary(all));
  return 0;
}

/** What was done before the window opened. */
type Ahead = Pick<CarryResult, "applied" | "adopted" | "ms">;

/**
 * Waits for the window, where there is one. What is harmless and stands in front goes on meanwhile, unless a snapshot is to be
 * made before anything, or the tool's own command runs all of it.
 */
async function holdIfWanted(
  command: readonly string[] | undefined,
  options: PhaseOptions,
  context: Context,
): Promise<Ahead> {
  const { loaded, environment } = await readSettings(options, context);
  let ahead: Ahead = { applied: [], adopted: [], ms: 0 };
  if (windowSettings(options, environment) === undefined) return ahead;
  const folder = await listFolderIfNamed(options, loaded, context);
  const isWhole =
    command !== undefined ||
    folder?.program !== undefined ||
    isSnapshotWanted(options, environment);
  const applyHarmless: ApplyOnly = async (only, run) => {
    const { output: _, ...request } = await carryRequest(options, context);
    ahead = await carry({ ...request, ...run, options: { ...request.options, only } });
  };
  await holdBefore(folder, environment, options, context, isWhole ? undefined : applyHarmless);
  return ahead;
}

function isSnapshotWanted(
  { snapshot, withoutSnapshot }: PhaseOptions,
  { deploy }: ChosenEnvironment,
): boolean {
  return (snapshot === true || deploy.snapshot?.before === true) && withoutSnapshot === undefined;
}

/** A snapshot first, where one is wanted and something is to be applied. */
async function snapshotIfWanted(options: PhaseOptions, context: Context): Promise<void> {
  const { loaded, environment } = await readSettings(options, context);
  if (!isSnapshotWanted(options, environment)) return;
  const folder = await listFolderIfNamed(options, loaded, context);
  if (folder === undefined || !(await isSomethingPending(environment.url, folder))) return;
  const output = commandOutput(options, context);
  await snapshotBefore("before migrations are applied", environment, output, context);
}

/**
 * True for a command that was named, and for a folder whose migrations are programs, which only their tool's own command
 * runs: unless some of them have plans, which Lockstep carries.
 */
async function isWrapped(
  command: readonly string[] | undefined,
  options: PhaseOptions,
  context: Context,
): Promise<boolean> {
  if (command !== undefined) return true;
  if ((await readPlans(context.cwd)).length > 0) return false;
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  return (await listFolderIfNamed(options, loaded, context))?.program !== undefined;
}

/** @throws LockstepError `usage` for dashes with nothing behind them */
function requireWords(command: readonly string[] | undefined): readonly string[] {
  if (command?.length !== 0) return command ?? [];
  throw new LockstepError("usage", {
    what: "no command stands behind --",
    expected: "lockstep migrate -- npx knex migrate:latest",
    next: ["name the migration tool's own command, or leave -- away"],
  });
}

/** What both this command and `lockstep rollback` work on. */
export async function carryRequest(options: PhaseOptions, context: Context) {
  const { loaded, environment } = await readSettings(options, context);
  const folder = await readFolder(options, loaded, context);
  const plans = await readPlans(context.cwd);
  const output = commandOutput(options, context);
  const run = randomUUID();
  return {
    output,
    loaded,
    chosen: environment,
    url: environment.url,
    folder,
    plans,
    run,
    environment: environment.name,
    instanceTtlMs: environment.deploy.instanceTtlMs ?? instanceTtlMs,
    backfill: backfillSettings(options, loaded),
    options: {
      ...runnerSettings(options, loaded),
      environment: environment.name,
      gitCommit: gitCommit(context),
    },
  };
}

/** Runs the folder's own command where its migrations are programs. */
async function programRunner(
  { folder, loaded, chosen, run }: Awaited<ReturnType<typeof carryRequest>>,
  { signal }: Accompanied,
  options: PhaseOptions,
  context: Context,
): Promise<CarryRequest["runProgram"]> {
  if (folder.program === undefined) return undefined;
  const [{ commandRequest }, { runWrapped }] = await Promise.all([
    import("./migrate-wrapped.ts"),
    import("../../wrapped/index.ts"),
  ]);
  const recorded = async () => folder;
  const request = commandRequest(
    { command: [], folder, recorded, loaded, environment: chosen },
    options,
    context,
  );
  return async (emit) => runWrapped({ ...request, emit, signal, run });
}

/** @throws LockstepError `usage` */
function refuseUnused(plan: string | undefined, options: PhaseOptions): void {
  const { consent, acceptParked, quietFor } = options;
  const given = [
    plan,
    consent && "--consent",
    acceptParked && "--accept-parked",
    quietFor !== undefined && "--quiet-for",
  ];
  const unused = given.find((one) => typeof one === "string" && one !== "");
  if (unused === undefined) return;
  throw new LockstepError("usage", {
    what: `${unused as string} is for the contract phase`,
    expected: "lockstep migrate --phase contract [plan]",
    found: "no --phase contract",
    next: ["lockstep migrate carries every plan up to its contract phase"],
  });
}

function summary({ applied, adopted, carried, ms }: CarryResult): string {
  const lines = [];
  if (adopted.length > 0)
    lines.push(
      `${count(adopted.length, "migration")} applied by the tool itself: now in Lockstep's ledger too`,
    );
  if (applied.length > 0)
    lines.push(`${count(applied.length, "migration")} applied in ${duration(ms)}`);
  for (const { plan, phase } of carried)
    lines.push(
      phase === "ready"
        ? `plan ${plan}: both releases can run now. When the old one is gone: lockstep migrate --phase contract ${plan}`
        : `plan ${plan}: ${phase}`,
    );
  return lines.length === 0 ? "nothing to do: every migration is applied" : lines.join("\n");
}

function finishedSummary(finished: readonly Finished[]): string {
  if (finished.length === 0) return "nothing to do: no plan waits for its contract phase";
  return finished
    .flatMap(({ plan, phase, evidence, parked }) => [
      `plan ${plan}: ${phase}`,
      ...(evidence?.consent === undefined
        ? []
        : [`  at the word of ${evidence.consent.name}: ${evidence.consent.reason}`]),
      ...(parked?.rows ?? []).map(
        ({ table, rows }) =>
          `  parked values of ${count(rows, "row")} of ${table} let go at the word of ${parked!.consent.name}: ${parked!.consent.reason}`,
      ),
      ...(evidence?.signs ?? [])
        .filter(({ says }) => says === "gone")
        .map(({ text }) => `  the old release is gone: ${text}`),
    ])
    .join("\n");
}
