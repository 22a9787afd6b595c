import { ScratchOnDemand } from "../../deploy/index.ts";
import { needsAttention, renderStatus } from "../../report/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { openReader } from "../reader.ts";
import {
  readFolderIfNamed,
  readSettings,
  scratchOptions,
  type TargetOptions,
} from "../settings.ts";
import { targetWords } from "../target-words.ts";
import { statusReport } from "../status-report.ts";
import { statusOfAll } from "../status-of-all.ts";

export interface StatusOptions extends TargetOptions {
  readonly drift: boolean;
  readonly all?: boolean;
  readonly lagDays?: number;
}

/** `lockstep status`: exit code 1 when something failed, was edited after apply, is unknown or was changed by hand. */
export async function statusCommand(options: StatusOptions, context: Context): Promise<number> {
  if (options.all === true) return statusOfAll(options, context);
  const { loaded, environment } = await readSettings(options, context);
  const folder = await readFolderIfNamed(options, loaded, context);
  await using session = await openReader(environment.url, "status");
  await using scratch = new ScratchOnDemand(scratchOptions(options, loaded, context));
  const report = await statusReport(session, {
    environment,
    folder,
    cwd: context.cwd,
    scratch: options.drift ? async (major) => scratch.get(major) : undefined,
  });
  const output = commandOutput(options, context);
  output.result(report, () => renderStatus(report, output.style, targetWords(options)));
  return needsAttention(report) ? 1 : 0;
}
