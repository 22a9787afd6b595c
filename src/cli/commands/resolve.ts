import { randomUUID } from "node:crypto";
import { emitFor } from "../../events/index.ts";
import { renderResolved } from "../../report/index.ts";
import { resolve } from "../../runner/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import {
  gitCommit,
  readFolder,
  readSettings,
  runnerSettings,
  scratchOptions,
  type TargetOptions,
} from "../settings.ts";

export interface ResolveOptions extends TargetOptions {
  readonly as: "applied" | "rolled-back";
  readonly force?: string;
  readonly waitForRunner?: number;
}

/** `lockstep resolve`: settles what became of a migration, if the catalog agrees. */
export async function resolveCommand(
  migration: string,
  options: ResolveOptions,
  context: Context,
): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const folder = await readFolder(options, loaded, context);
  const output = commandOutput(options, context);
  const run = randomUUID();
  const result = await resolve({
    url: environment.url,
    folder,
    migration,
    as: options.as,
    force: options.force === undefined ? undefined : { reason: options.force },
    run,
    emit: emitFor(run, output.listener),
    signal: context.signal,
    scratchUrl: scratchOptions(options, loaded, context).url,
    options: {
      environment: environment.name,
      gitCommit: gitCommit(context),
      waitForRunnerMs: runnerSettings(options, loaded).waitForRunnerMs,
    },
  });
  output.result({ version: 1, environment: environment.name, ...result }, () =>
    renderResolved(result, output.style),
  );
  return 0;
}
