import { hostname } from "node:os";
import { installLedger, type RunDetails } from "../ledger/index.ts";
import { describeHolder, localActor } from "./actor.ts";
import { Keeper, type KeeperOptions } from "./keeper.ts";
import type { RunOptions } from "./options.ts";

/**
 * Takes the lease for a session that holds the lock, in the name of whoever runs this; makes the ledger where there is none.
 * @throws LockstepError `orphan-still-running`
 */
export async function takeOver(given: Omit<KeeperOptions, "holder">): Promise<Keeper> {
  const { actor = localActor(), command } = given.options;
  await installLedger(given.session);
  return Keeper.take({ ...given, holder: describeHolder(actor, command) });
}

/** What the ledger keeps of a run from its start on. */
export function detailsOf(id: string, options: RunOptions): RunDetails {
  const { environment, release, gitCommit, command, actor = localActor() } = options;
  return { id, command, environment, release, gitCommit, actor, host: hostname() };
}
