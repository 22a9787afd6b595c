import { LockstepError } from "../errors/index.ts";
import { parseTarget } from "../pg/index.ts";
import { rehearsalVariable } from "../processes/index.ts";
import type { Context } from "./context.ts";

/** The scratch server of a Lockstep that is itself the command rehearsed; undefined when nothing is rehearsed. */
export function rehearsalServer({ env }: Context): string | undefined {
  return env[rehearsalVariable] || undefined;
}

/**
 * A Lockstep that takes itself for rehearsed leaves out what production needs, so it may work on that scratch server only.
 * @throws LockstepError `usage` for a database of another server
 */
export function refuseBesideRehearsal(url: string, environment: string, context: Context): void {
  const scratch = rehearsalServer(context);
  if (scratch === undefined) return;
  const [wanted, found] = [scratch, url].map((one) => {
    const { host, port } = parseTarget(one);
    return `${host}:${port}`;
  });
  if (wanted === found) return;
  throw new LockstepError("usage", {
    what: `this is a rehearsal, and environment "${environment}" is on another server`,
    expected: `a database on ${wanted}, the scratch server in ${rehearsalVariable}`,
    found: `one on ${found}`,
    from: `${rehearsalVariable}, which \`lockstep rehearse -- COMMAND\` sets for its command alone`,
    why: "the environment's URL stands in the config instead of a variable, or this shell has kept the variable",
    next: [
      "in a rehearsal: name the URL's variable in the config, environments.….urlEnv",
      `else: unset ${rehearsalVariable}`,
    ],
  });
}
