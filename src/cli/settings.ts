import {
  chooseEnvironment,
  loadConfig,
  otherEnvironments,
  type ChosenEnvironment,
  type LoadedConfig,
  type RunnerConfig,
} from "../config/index.ts";
import { LockstepError } from "../errors/index.ts";
import { readMigrations, type MigrationFolder } from "../tools/index.ts";
import { namesIn, type Context } from "./context.ts";
import { checkedOutCommit } from "./git-commit.ts";
import type { FormatOptions } from "./output.ts";
import { refuseBesideRehearsal, rehearsalServer } from "./rehearsal.ts";

/** Options of every command. */
export interface CommonOptions extends FormatOptions {
  readonly config?: string;
  readonly scratchUrl?: string;
  /** `--no-cache`: also migrations that are programs are recorded again. */
  readonly cache?: boolean;
}

/** Options of commands that work on one database. */
export interface TargetOptions extends CommonOptions {
  readonly env?: string;
  readonly url?: string;
  readonly folder?: string;
}

/** Options of commands that apply migrations. */
export interface RunnerOptions extends TargetOptions {
  readonly lockTimeout?: number;
  readonly retryFor?: number;
  readonly waitForRunner?: number;
  readonly allowOutOfOrder?: boolean;
  readonly allowMissing?: boolean;
}

/** How migrations are to be applied: options before the config. */
export function runnerSettings(options: RunnerOptions, { config }: LoadedConfig): RunnerConfig {
  const { lockTimeout, retryFor, waitForRunner, allowOutOfOrder, allowMissing } = options;
  return {
    ...config.runner,
    ...(lockTimeout === undefined ? {} : { lockTimeoutMs: lockTimeout }),
    ...(retryFor === undefined ? {} : { retryForMs: retryFor }),
    ...(waitForRunner === undefined ? {} : { waitForRunnerMs: waitForRunner }),
    ...(allowOutOfOrder === undefined ? {} : { allowOutOfOrder }),
    ...(allowMissing === undefined ? {} : { allowMissing }),
  };
}

/** What a command works on: config and options laid together. */
export interface Settings {
  readonly loaded: LoadedConfig;
  readonly environment: ChosenEnvironment;
  /** Other environments that can be asked for causes. */
  readonly others: readonly { readonly environment: string; readonly url: string }[];
}

/** @throws LockstepError `config-not-found`, `config-invalid`, `usage` */
export async function readSettings(options: TargetOptions, context: Context): Promise<Settings> {
  const loaded = await loadConfig({ cwd: context.cwd, path: options.config });
  const environment = chooseEnvironment(loaded.config, options, context.env);
  refuseBesideRehearsal(environment.url, environment.name, context);
  const others = otherEnvironments(loaded.config, environment, context.env);
  return { loaded, environment, others };
}

/**
 * The folder of migrations: the option's, relative to the working folder, else the config's, relative to it.
 * @throws LockstepError `usage` when none is named, and what reading it throws
 */
export async function readFolder(
  options: TargetOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<MigrationFolder> {
  return (await readFolderIfNamed(options, loaded, context)) ?? refuseUnnamed(loaded);
}

/**
 * As `readFolder`, but migrations that are programs are only listed, without their SQL.
 * @throws LockstepError `usage` when none is named, and what reading it throws
 */
export async function listFolder(
  options: TargetOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<MigrationFolder> {
  return (await listFolderIfNamed(options, loaded, context)) ?? refuseUnnamed(loaded);
}

function refuseUnnamed(loaded: LoadedConfig): never {
  throw new LockstepError("usage", {
    what: "no folder of migrations was named",
    expected: "migrations.folder in lockstep.config.ts, or --folder",
    found:
      loaded.file === undefined
        ? "no config file and no option"
        : `neither in ${loaded.file} nor as an option`,
    next: ["lockstep … --folder ./migrations"],
  });
}

/** As `readFolder`, undefined when none is named. */
export async function readFolderIfNamed(
  options: TargetOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<MigrationFolder | undefined> {
  const folder = await listFolderIfNamed(options, loaded, context);
  if (folder?.program === undefined) return folder;
  const { recordFolder } = await import("../recording/index.ts");
  return recordFolder({
    folder,
    cwd: options.folder === undefined ? loaded.folder : context.cwd,
    env: context.env,
    urlVariables: urlVariables(loaded),
    scratch: scratchOptions(options, loaded, context),
    again: options.cache === false,
  });
}

/** The same without the SQL of migrations that are programs, where their tool lists them itself. */
export async function listFolderIfNamed(
  options: TargetOptions,
  loaded: LoadedConfig,
  context: Context,
): Promise<MigrationFolder | undefined> {
  const { migrations } = loaded.config;
  if (options.folder === undefined && migrations === undefined) return undefined;
  const folder = await readMigrations(
    options.folder === undefined
      ? { ...migrations!, cwd: loaded.folder }
      : { folder: options.folder, cwd: context.cwd },
  );
  const names = namesIn(context);
  for (const { id, file } of folder.migrations) names.add(id).add(file);
  return folder;
}

/** Variables in which the project keeps the URLs of its databases. */
export function urlVariables({ config }: LoadedConfig): readonly string[] {
  return Object.values(config.environments ?? {}).flatMap(({ urlEnv }) => urlEnv ?? []);
}

/** The scratch server to use: `--scratch-url`, the config's, else an embedded one. */
export function scratchOptions(
  options: CommonOptions,
  loaded: LoadedConfig,
  context: Context,
): { readonly major?: number; readonly url?: string } {
  const { scratch } = loaded.config;
  const url =
    options.scratchUrl ??
    // Lockstep as the command that is rehearsed: nothing but that server is in reach.
    rehearsalServer(context) ??
    scratch?.url ??
    (scratch?.urlEnv === undefined ? undefined : context.env[scratch.urlEnv]);
  return {
    ...(url === undefined ? {} : { url }),
    ...(scratch?.major === undefined ? {} : { major: scratch.major }),
  };
}

/** The commit that is checked out, as CI systems or git's files say; undefined when neither knows. */
export function gitCommit(context: Context): string | undefined {
  return (
    context.env["GITHUB_SHA"] ??
    context.env["CI_COMMIT_SHA"] ??
    context.env["VERCEL_GIT_COMMIT_SHA"] ??
    checkedOutCommit(context.cwd)
  );
}

/** Name of the release: the option's, else `LOCKSTEP_RELEASE`, else the commit's first twelve digits, else `unnamed`. */
export function releaseName(option: string | undefined, context: Context): string {
  return option ?? context.env["LOCKSTEP_RELEASE"] ?? gitCommit(context)?.slice(0, 12) ?? "unnamed";
}
