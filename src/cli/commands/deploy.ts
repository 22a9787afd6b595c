import { randomUUID } from "node:crypto";
import {
  deploy,
  deployEndOf,
  readVariables,
  type DeployRequest,
  type DeployResult,
} from "../../deploy/index.ts";
import { isLockstepError } from "../../errors/index.ts";
import { readPlans } from "../../plan/index.ts";
import { count, errorJson } from "../../report/index.ts";
import { accompanied } from "../accompanied.ts";
import { backfillSettings } from "../backfill-steering.ts";
import { namesIn, type Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { readProbes } from "../probe-files.ts";
import { rehearsalServer } from "../rehearsal.ts";
import { chosenRelease, type ContractOptions } from "../release-contract.ts";
import { deploySnapshot } from "../snapshots.ts";
import { windowSettings, type WindowOptions } from "../windows.ts";
import {
  gitCommit,
  readFolderIfNamed,
  readSettings,
  runnerSettings,
  scratchOptions,
  type RunnerOptions,
} from "../settings.ts";

export interface DeployCommandOptions extends ContractOptions, RunnerOptions, WindowOptions {
  readonly allowBreaking?: string;
}

/** `lockstep deploy`: carries a release into an environment. */
export async function deployCommand(
  options: DeployCommandOptions,
  context: Context,
): Promise<number> {
  const { loaded, environment, others } = await readSettings(options, context);
  // Rehearsed as the pipeline's own command: up to the gate, and nothing is put into service or called.
  const isRehearsed = rehearsalServer(context) !== undefined;
  const settings = environment.deploy;
  const release = chosenRelease(options, loaded, context);
  const folder = await readFolderIfNamed(options, loaded, context);
  const probes = await readProbes(settings.probes, loaded);
  const cwd = loaded.folder;
  const variables = await readVariables(settings.env ?? "process", { cwd, env: context.env });
  const output = commandOutput(options, context);
  const run = randomUUID();
  const { urlEnv } = loaded.config.environments?.[environment.name] ?? {};
  const request: Omit<DeployRequest, "emit" | "signal"> = {
    url: environment.url,
    urlVariables: urlEnv === undefined ? [] : [urlEnv],
    environment: environment.name,
    release: release.name,
    gitCommit: gitCommit(context),
    contract: release.contract,
    folder,
    plans: await readPlans(context.cwd),
    command: settings.command,
    rollback: settings.rollback,
    probes,
    baseUrl: settings.baseUrl,
    probeTimeoutMs: settings.probeTimeoutMs,
    instanceTtlMs: settings.instanceTtlMs,
    allowBreaking: options.allowBreaking,
    window: windowSettings(options, environment),
    withoutWindow: options.withoutWindow,
    snapshot: deploySnapshot(environment, context),
    withoutSnapshot: options.withoutSnapshot,
    cwd,
    env: context.env,
    variables,
    others,
    scratch: scratchOptions(options, loaded, context),
    runner: runnerSettings(options, loaded),
    backfill: backfillSettings({}, loaded),
    run,
    ...(isRehearsed ? leftOut : {}),
  };
  const about = { run, url: environment.url, environment: environment.name, command: "deploy" };
  try {
    const result = await accompanied({ ...about, output }, context, async (live) =>
      deploy({ ...request, ...live }),
    );
    output.result({ version: 1, ...result }, () => summary(result));
    return 0;
  } catch (error) {
    const end = deployEndOf(error);
    if (output.format === "text" || end === undefined || !isLockstepError(error)) throw error;
    output.failure({ ...errorJson(error, namesIn(context)), ...end });
    return error.exitCode;
  }
}

/** What a rehearsed step leaves to production: nothing is put into service, called, made or waited for. */
const leftOut = {
  command: undefined,
  rollback: undefined,
  probes: [],
  snapshot: undefined,
  window: undefined,
  others: [],
} as const;

function summary({ release, environment, inService, probes, warnings }: DeployResult): string {
  const beside = warnings.length === 0 ? "" : `, ${count(warnings.length, "warning")}`;
  if (!inService)
    return `ready: ${environment} has what release ${release} expects; nothing was put into service${beside}`;
  return probes.length === 0
    ? `deployed: release ${release} in ${environment}, its gate open, no probe${beside}`
    : `deployed and verified: release ${release} in ${environment}, ${count(probes.length, "probe")} passed${beside}`;
}
