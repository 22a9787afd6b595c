import { initProject } from "../../init/index.ts";
import { renderInit } from "../../report/index.ts";
import type { Context } from "../context.ts";
import { commandOutput, type FormatOptions } from "../output.ts";

interface InitOptions extends FormatOptions {
  readonly dryRun?: boolean;
  readonly pipeline?: string;
}

/** `lockstep init`: finds out what a project has, writes a config for each database, proposes a pipeline. */
export async function initCommand(options: InitOptions, context: Context): Promise<number> {
  const output = commandOutput(options, context);
  const report = await initProject({
    cwd: context.cwd,
    dryRun: options.dryRun === true,
    pipeline: options.pipeline,
  });
  output.result(report, () => renderInit(report, output.style));
  return 0;
}
