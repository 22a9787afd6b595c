import { randomUUID } from "node:crypto";
import type { ChosenEnvironment, LoadedConfig } from "../../config/index.ts";
import type { Emit } from "../../events/index.ts";
import { requireNoPlans } from "../../phases/index.ts";
import { readPlans } from "../../plan/index.ts";
import { installed, shownCommand } from "../../processes/index.ts";
import { count, duration } from "../../report/index.ts";
import type { MigrationFolder } from "../../tools/index.ts";
import { runWrapped, type WrappedRequest, type WrappedResult } from "../../wrapped/index.ts";
import { accompanied, type Accompanied } from "../accompanied.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { notingReasons, type WindowOptions } from "../windows.ts";
import {
  gitCommit,
  listFolder,
  readFolder,
  readSettings,
  runnerSettings,
  type RunnerOptions,
} from "../settings.ts";

/**
 * `lockstep migrate -- COMMAND`, and `lockstep migrate` where migrations are programs: the tool's own command, guarded.
 *
 * @param command as it was given; the folder's own when it is empty
 */
export async function wrappedCommand(
  command: readonly string[],
  options: RunnerOptions & WindowOptions,
  context: Context,
): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const listed = await listFolder(options, loaded, context);
  const folder =
    listed.program?.isListed === false ? await readFolder(options, loaded, context) : listed;
  const output = commandOutput(options, context);
  const run = randomUUID();
  const { url, name } = environment;
  const about = { run, url, environment: name, command: "migrate", output };
  const work = async ({ emit, signal }: Accompanied) => {
    let folderWithSql: Promise<MigrationFolder | undefined> | undefined;
    const recorded = async () =>
      (folderWithSql ??=
        folder.program === undefined
          ? Promise.resolve(folder)
          : recordedIfPossible(async () => readFolder(options, loaded, context), emit));
    const request = commandRequest(
      { command, folder, recorded, loaded, environment },
      options,
      context,
    );
    const plans = await readPlans(context.cwd);
    await requireNoPlans({ ...request, plans });
    return runWrapped({ ...request, emit, signal, run });
  };
  const result = await notingReasons({ url, run }, options, async () =>
    accompanied(about, context, work),
  );
  output.result({ version: 1, environment: environment.name, ...result }, () => summary(result));
  return 0;
}

async function recordedIfPossible(
  record: () => Promise<MigrationFolder>,
  emit: Emit,
): Promise<MigrationFolder | undefined> {
  try {
    return await record();
  } catch (error) {
    const { isNotRecorded } = await import("../../recording/index.ts");
    if (!isNotRecorded(error)) throw error;
    emit({
      type: "notice",
      severity: "warning",
      message: `what the migrations do is not known here, so their effects are not looked up in the catalog: ${error.explanation.what}`,
    });
    return undefined;
  }
}

/** What a command is run with, but for how it is told of. */
export function commandRequest(
  {
    command,
    folder,
    recorded,
    loaded,
    environment,
  }: Pick<WrappedRequest, "folder" | "recorded"> & {
    /** As it was given; the folder's own when it is empty. */
    readonly command: readonly string[];
    readonly loaded: LoadedConfig;
    readonly environment: ChosenEnvironment;
  },
  options: RunnerOptions,
  context: Context,
): Omit<WrappedRequest, "emit"> {
  const { urlEnv } = loaded.config.environments?.[environment.name] ?? {};
  const root = options.folder === undefined ? loaded.folder : context.cwd;
  const own = command.length > 0 ? command : (folder.program?.command ?? []);
  const cwd = command.length > 0 ? context.cwd : (folder.program?.cwd ?? root);
  return {
    url: environment.url,
    folder,
    command: installed(own, cwd),
    shown: shownCommand(own),
    cwd,
    root,
    env: context.env,
    urlVariables: urlEnv === undefined ? [] : [urlEnv],
    recorded,
    options: {
      ...runnerSettings(options, loaded),
      environment: environment.name,
      gitCommit: gitCommit(context),
    },
  };
}

function summary({ applied, adopted, ended, attempts, isVerified, ms }: WrappedResult): string {
  const lines = [];
  if (adopted.length > 0)
    lines.push(
      `${count(adopted.length, "migration")} applied by the tool before: now in Lockstep's ledger too`,
    );
  if (applied.length > 0)
    lines.push(
      `${count(applied.length, "migration")} applied by the command in ${duration(ms)}${attempts > 1 ? `, at the ${attempts}. attempt` : ""} (${ended}); in the tool's ledger${isVerified ? ", and in the catalog statement by statement" : ""}`,
    );
  return lines.length === 0
    ? "nothing to do: every migration is applied, so the command was not run"
    : lines.join("\n");
}
