import { fingerprint, introspect } from "../catalog/index.ts";
import { LockstepError } from "../errors/index.ts";
import { recordDeploy, settleRun } from "../ledger/index.ts";
import { redact } from "../pg/index.ts";
import { localActor } from "../runner/index.ts";
import { ledgerOf } from "../tools/index.ts";
import type { ProbeResult } from "./probes.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { runStage } from "./stages.ts";

/**
 * Writes the verified success, through the session that holds the lock of deploys.
 * @throws LockstepError `record-failed`
 */
export async function recordSuccess(
  request: DeployRequest,
  state: DeployState,
  probes: readonly ProbeResult[],
): Promise<void> {
  const { environment, release } = request;
  await runStage(
    // Not cancelled any more: what is true already is only written down.
    { emit: request.emit },
    "record",
    "",
    async () => {
      try {
        await write(request, state, probes);
      } catch (error) {
        throw new LockstepError(
          "record-failed",
          {
            what: "the release is in service and verified, but the record of it could not be written",
            expected: "a row in lockstep.deploy",
            found: redact((error as Error).message, request.url),
            why: "the database became unreachable or read-only after the probes passed, or the deploy's lock was lost",
            next: [
              "lockstep deploy again: nothing is pending, the probes run again, the record is written",
            ],
          },
          { cause: error },
        );
      }
    },
    () => `release ${release} is the last verified success of ${environment}`,
  );
}

async function write(
  { environment, release, gitCommit, folder, allowBreaking }: DeployRequest,
  { run, contract, lock }: DeployState,
  probes: readonly ProbeResult[],
): Promise<void> {
  await lock.assertHeld();
  await recordDeploy(lock.session, {
    environment,
    release,
    gitCommit,
    contractHash: contract.hash,
    fingerprint: await fingerprint(await introspect(lock.session, { ignore: ledgerOf(folder) })),
    run,
    actor: localActor(),
    probes: probes.map(({ name, ok, ms }) => ({ name, ok, ms })),
    allowedBreaking: allowBreaking,
  });
  await settleRun(lock.session, run, "succeeded");
}
