import type { LoadedConfig } from "../config/index.ts";
import { LockstepError } from "../errors/index.ts";
import type { SanitiseFrom } from "../rehearse/index.ts";
import type { Context } from "./context.ts";
import { readSettings, type TargetOptions } from "./settings.ts";

/**
 * Where rows are copied from, and what the config says of their columns.
 * @throws LockstepError `usage` when the variable with the key is not set: masks would not be those of the last time
 */
export async function sanitiseFrom(
  options: TargetOptions,
  { config }: LoadedConfig,
  context: Context,
): Promise<SanitiseFrom> {
  const { keyEnv, ...rules } = config.sanitise ?? {};
  const { environment } = await readSettings(options, context);
  const key = keyEnv === undefined ? undefined : context.env[keyEnv];
  if (keyEnv !== undefined && (key === undefined || key === ""))
    throw new LockstepError("usage", {
      what: `the key for masks is not there: ${keyEnv} is not set`,
      expected: "a variable with a long random text",
      found: "nothing",
      from: "sanitise.keyEnv of the config",
      why: "without it the masks would not be those of the last time",
      next: [`set ${keyEnv}`, "or take sanitise.keyEnv away: each copy has a random key then"],
    });
  return { url: environment.url, rules, key };
}
