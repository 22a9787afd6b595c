import { resolve } from "node:path";
import { chooseEnvironment, loadConfig, type LoadedConfig } from "../config/index.ts";
import { ScratchOnDemand } from "../deploy/index.ts";
import {
  compareEnvironments,
  readStatusFile,
  type EnvironmentState,
  type Reached,
} from "../environments/index.ts";
import { isLockstepError, LockstepError } from "../errors/index.ts";
import { describeTarget, parseTarget } from "../pg/index.ts";
import { renderEnvironments, type EnvironmentsReport, type StatusReport } from "../report/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { StatusOptions } from "./commands/status.ts";
import type { Context } from "./context.ts";
import { commandOutput } from "./output.ts";
import { openReader } from "./reader.ts";
import { readFolder, scratchOptions } from "./settings.ts";
import { statusReport } from "./status-report.ts";

/** After so many days a migration that is in one environment and pending in another is a finding. */
const defaultLagDays = 7;

/**
 * `lockstep status --all`: every environment of the config side by side. Exit code 1 with a finding, 2 when nothing else is
 * wrong but one could not be asked.
 */
export async function statusOfAll(options: StatusOptions, context: Context): Promise<number> {
  refuseOne(options);
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  const names = Object.keys(loaded.config.environments ?? {});
  if (names.length === 0) throw noEnvironments(loaded);
  const folder = await readFolder(options, loaded, context);
  const states: EnvironmentState[] = [];
  for (const name of names) states.push(await stateOf(name, folder, options, loaded, context));
  const { lagDays = defaultLagDays } = options;
  const findings = compareEnvironments(states, { now: new Date(), lagDays });
  const report: EnvironmentsReport = {
    version: 1,
    folder: { tool: folder.tool, path: folder.path },
    migrations: folder.migrations.map(({ id }) => id),
    environments: states,
    findings,
  };
  const output = commandOutput(options, context);
  output.result(report, () => renderEnvironments(report, output.style));
  if (findings.some(({ kind }) => kind !== "unreachable")) return 1;
  return findings.length > 0 ? 2 : 0;
}

/** An environment as its database tells it, else as the file that was written where it can be reached. */
async function stateOf(
  name: string,
  folder: MigrationFolder,
  options: StatusOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<EnvironmentState> {
  const { statusFile, url, urlEnv } = loaded.config.environments![name]!;
  const named = url ?? (urlEnv === undefined ? undefined : context.env[urlEnv]);
  let from = urlEnv ?? `environments.${name} of the config`;
  try {
    if (statusFile !== undefined && (named === undefined || named === "")) {
      from = statusFile;
      const reached = readStatusFile(resolve(loaded.folder, statusFile), statusFile);
      return { name, from, reached, unreachable: undefined };
    }
    // One URL for all would show the same database under several names.
    const own = { ...context.env, LOCKSTEP_DATABASE_URL: undefined };
    const environment = chooseEnvironment(loaded.config, { env: name }, own);
    from = describeTarget(parseTarget(environment.url));
    await using session = await openReader(environment.url, "status");
    await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
    const report = await statusReport(session, {
      environment,
      folder,
      cwd: context.cwd,
      scratch: options.drift ? async (major) => scratch.get(major) : undefined,
    });
    return { name, from, reached: reachedBy(report), unreachable: undefined };
  } catch (error) {
    // One that cannot be asked does not hide the others.
    if (!isLockstepError(error)) throw error;
    return { name, from, reached: undefined, unreachable: error.explanation.what };
  }
}

function reachedBy({ takenAt, folder, drift, lastVerified, running }: StatusReport): Reached {
  return {
    takenAt,
    migrations: (folder?.migrations ?? []).map(({ id, state, appliedAt }) => ({
      id,
      state,
      appliedAt,
    })),
    drift: drift === undefined || "reason" in drift ? undefined : drift.length,
    lastVerified: lastVerified && {
      release: lastVerified.release,
      verifiedAt: lastVerified.verifiedAt,
    },
    running: running.map(({ release, instances, contractHash }) => ({
      release,
      instances,
      contractHash,
    })),
  };
}

function refuseOne({ env, url }: StatusOptions): void {
  if (env === undefined && url === undefined) return;
  throw new LockstepError("usage", {
    what: "--all looks at every environment of the config",
    expected: "neither --env nor --url beside it",
    found: env === undefined ? "--url" : `--env ${env}`,
    next: ["lockstep status --all"],
  });
}

function noEnvironments({ file }: LoadedConfig): LockstepError {
  return new LockstepError("usage", {
    what: "there are no environments to compare",
    expected: "environments in lockstep.config.ts, each with urlEnv or statusFile",
    found: file === undefined ? "no config file" : `none in ${file}`,
    next: ['environments: { staging: { urlEnv: "STAGING_DATABASE_URL" }, production: { … } }'],
  });
}
