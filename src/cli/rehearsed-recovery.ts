import { resolve } from "node:path";
import type { LoadedConfig } from "../config/index.ts";
import type { RecoveryRequest } from "../rehearse/index.ts";
import { lastRestored, timeRestore } from "../snapshot/index.ts";
import type { Context } from "./context.ts";

/** How the database would be brought back, by the config: a dump when it says nothing. */
export function recoveryOf(
  options: { readonly env?: string },
  { config }: LoadedConfig,
  { cwd, env, signal }: Context,
  major: number,
): RecoveryRequest {
  const environments = config.environments ?? {};
  const known = Object.keys(environments);
  const name = options.env ?? (env["LOCKSTEP_ENV"] || (known.length === 1 ? known[0] : undefined));
  const own =
    name !== undefined && Object.hasOwn(environments, name) ? environments[name] : undefined;
  const {
    by = "dump",
    to = "lockstep-snapshots",
    jobs = 4,
  } = own?.snapshot ?? config.deploy?.snapshot ?? {};
  return {
    by,
    jobs,
    restored: lastRestored(resolve(cwd, to)),
    timeRestore: async (from, target) =>
      timeRestore({ from, to: target, major, jobs, env, signal }),
  };
}
