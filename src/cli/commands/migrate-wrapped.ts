import { randomUUID } from "node:crypto";
import { installed, shownCommand } from "../../processes/index.ts";
import { emitFor } from "../../events/index.ts";
import { count, duration } from "../../report/index.ts";
import { runWrapped, type WrappedResult } from "../../wrapped/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
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
  options: RunnerOptions,
  context: Context,
): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const listed = await listFolder(options, loaded, context);
  const folder =
    listed.program?.isListed === false ? await readFolder(options, loaded, context) : listed;
  const output = commandOutput(options, context);
  const run = randomUUID();
  const emit = emitFor(run, output.listener);
  const { urlEnv } = loaded.config.environments?.[environment.name] ?? {};
  const root = options.folder === undefined ? loaded.folder : context.cwd;
  const own = command.length > 0 ? command : (folder.program?.command ?? []);
  const cwd = command.length > 0 ? context.cwd : (folder.program?.cwd ?? root);
  const result = await runWrapped({
    url: environment.url,
    folder,
    command: installed(own, cwd),
    shown: shownCommand(own),
    cwd,
    root,
    env: context.env,
    urlVariables: urlEnv === undefined ? [] : [urlEnv],
    recorded: async () => {
      if (folder.program === undefined) return folder;
      try {
        return await readFolder(options, loaded, context);
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
    },
    emit,
    signal: context.signal,
    run,
    options: {
      ...runnerSettings(options, loaded),
      environment: environment.name,
      gitCommit: gitCommit(context),
    },
  });
  output.result({ version: 1, environment: environment.name, ...result }, () => summary(result));
  return 0;
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
