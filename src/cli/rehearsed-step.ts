import type { LoadedConfig } from "../config/index.ts";
import { LockstepError } from "../errors/index.ts";
import { redact } from "../pg/index.ts";
import { installed, shownCommand } from "../processes/index.ts";
import type { StepRequest } from "../rehearse/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { Context } from "./context.ts";
import { urlVariables } from "./settings.ts";

const usualLimitMs = 600_000;

/**
 * What stands behind `--` of `lockstep rehearse`: the pipeline's own command; nothing behind it stands for the command of the
 * config's folder, where its migrations are programs.
 *
 * @param known URLs of databases that it may not reach
 * @throws LockstepError `usage` where neither names a command
 */
export function stepOf(
  words: readonly string[] | undefined,
  {
    folder,
    loaded,
    limitMs = usualLimitMs,
    known,
  }: {
    readonly folder: MigrationFolder;
    readonly loaded: LoadedConfig;
    readonly limitMs: number | undefined;
    readonly known: readonly string[];
  },
  context: Context,
  onLine: (line: string) => void,
): StepRequest | undefined {
  if (words === undefined) return undefined;
  const command = words.length > 0 ? words : folder.program?.command;
  if (command === undefined)
    throw new LockstepError("usage", {
      what: "no command stands behind --",
      expected: "lockstep rehearse -- npm run migrate",
      next: ["name the command by which the pipeline migrates, or leave -- away"],
    });
  const cwd = words.length > 0 ? context.cwd : folder.program!.cwd;
  return {
    command: installed(command, cwd),
    shown: known.reduce((text, url) => redact(text, url), shownCommand(command)),
    cwd,
    env: context.env,
    urlVariables: urlVariables(loaded),
    known,
    limitMs,
    onLine,
  };
}
