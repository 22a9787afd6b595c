import { randomUUID } from "node:crypto";
import { LockstepError } from "../../errors/index.ts";
import { renderWatch } from "../../report/index.ts";
import { watch, watchDefaults } from "../../watch/index.ts";
import { accompanied } from "../accompanied.ts";
import type { Context } from "../context.ts";
import { commandOutput } from "../output.ts";
import { readProbes } from "../probe-files.ts";
import { readSettings, type TargetOptions } from "../settings.ts";

export interface WatchOptions extends TargetOptions {
  readonly for?: number;
  readonly every?: number;
  readonly rollback?: boolean;
}

/** `lockstep watch`: exit code 1 when what was put into service does not go well. */
export async function watchCommand(options: WatchOptions, context: Context): Promise<number> {
  const { loaded, environment } = await readSettings(options, context);
  const { deploy, name, url } = environment;
  const { rollback: isRolledBack, ...config } = deploy.watch ?? {};
  const toRollBack = options.rollback === true || isRolledBack === true;
  if (toRollBack && deploy.rollback === undefined) throw noWayBack(loaded.file);
  const probes = await readProbes(deploy.probes, loaded);
  const output = commandOutput(options, context);
  const about = { run: randomUUID(), url, environment: name };
  const result = await accompanied({ ...about, command: "watch", output }, context, async (live) =>
    watch({
      ...about,
      ...live,
      settings: {
        ...watchDefaults,
        ...config,
        ...(options.for === undefined ? {} : { forMs: options.for }),
        ...(options.every === undefined ? {} : { everyMs: options.every }),
      },
      probes,
      baseUrl: deploy.baseUrl,
      probeTimeoutMs: deploy.probeTimeoutMs,
      env: context.env,
      cwd: loaded.folder,
      rollback: toRollBack ? deploy.rollback : undefined,
    }),
  );
  output.result({ version: 1, environment: name, ...result }, () =>
    renderWatch(result, output.style),
  );
  return result.verdict === "failed" ? 1 : 0;
}

function noWayBack(file: string | undefined): LockstepError {
  return new LockstepError("usage", {
    what: "there is no command that puts the old release back when the watch fails",
    expected: "deploy.rollback in the config, for --rollback and deploy.watch.rollback",
    found: file === undefined ? "no config file" : `no deploy.rollback in ${file}`,
    next: ['deploy: { rollback: "./deploy.sh --previous" } in the config', "or watch without it"],
  });
}
