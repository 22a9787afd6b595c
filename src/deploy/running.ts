import { parseContract, type Contract } from "../contract/index.ts";
import { runningReleases } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import type { DeployRequest } from "./request.ts";

/** Releases that run, by whether it is known here what they expect. */
export interface Running {
  readonly known: readonly Contract[];
  readonly unknown: readonly string[];
}

/** How long after its last heartbeat an instance counts as running, unless the config says otherwise. */
export const instanceTtlMs = 90_000;

/** Reads which releases run: from their instances' heartbeats, else from the last verified deploy. */
export async function readRunning(
  request: DeployRequest,
  contract: Contract,
  session: Session,
): Promise<Running> {
  const releases = await runningReleases(session, {
    environment: request.environment,
    ttlMs: request.instanceTtlMs ?? instanceTtlMs,
  });
  const known: Contract[] = [];
  const unknown: string[] = [];
  for (const { contract: stored, contractHash, release } of releases)
    if (contractHash === contract.hash) known.push({ ...contract, release });
    else if (stored === undefined) unknown.push(release);
    else
      known.push({
        ...parseContract(stored, `lockstep.contract ${contractHash.slice(0, 12)}`),
        release,
      });
  return { known, unknown };
}

export function describeRunning({ known, unknown }: Running): string {
  const releases = [...new Set([...known.map(({ release }) => release), ...unknown])];
  return releases.length === 0
    ? "ready; no release is known to run here yet"
    : `ready; running: ${releases.join(", ")}`;
}
