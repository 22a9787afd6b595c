import { randomUUID } from "node:crypto";
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
      rollback: options.rollback === true || isRolledBack === true ? deploy.rollback : undefined,
    }),
  );
  output.result({ version: 1, environment: name, ...result }, () =>
    renderWatch(result, output.style),
  );
  return result.verdict === "failed" ? 1 : 0;
}
