import { randomUUID } from "node:crypto";
import { emitFor } from "../../events/index.ts";
import { count, duration } from "../../report/index.ts";
import { migrate, type MigrateResult } from "../../runner/index.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import {
  gitCommit,
  readFolder,
  readSettings,
  runnerSettings,
  type RunnerOptions,
} from "../settings.ts";

/** `lockstep migrate`: applies what is pending. */
export async function migrateCommand(options: RunnerOptions, context: Context): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const folder = await readFolder(options, loaded, context);
  const output = commandOutput(options, context);
  const run = randomUUID();
  const result = await migrate({
    url: environment.url,
    folder,
    run,
    emit: emitFor(run, output.listener),
    signal: context.signal,
    options: {
      ...runnerSettings(options, loaded),
      environment: environment.name,
      gitCommit: gitCommit(context),
    },
  });
  output.result({ version: 1, environment: environment.name, ...result }, () => summary(result));
  return 0;
}

function summary({ applied, adopted, ms }: MigrateResult): string {
  const lines = [];
  if (adopted.length > 0)
    lines.push(
      `${count(adopted.length, "migration")} applied by the tool itself: now in Lockstep's ledger too`,
    );
  if (applied.length === 0) lines.push("nothing to do: every migration is applied");
  else lines.push(`${count(applied.length, "migration")} applied in ${duration(ms)}`);
  return lines.join("\n");
}
