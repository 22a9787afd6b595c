import { hostname } from "node:os";
import { beginDeploy, installLedger } from "../ledger/index.ts";
import { describeTarget } from "../pg/index.ts";
import { localActor } from "../runner/index.ts";
import { DeployLock } from "./deploy-lock.ts";
import { preflight } from "./preflight.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { describeRunning, readRunning } from "./running.ts";
import type { ScratchOnDemand } from "./scratch-on-demand.ts";
import { runStage } from "./stages.ts";

/**
 * Everything that must be known before the first change, and the lock that keeps it true.
 * @throws LockstepError of the connection, of `preflight`, of the contract, `ledger-lock-timeout`
 */
export async function getReady(
  request: DeployRequest,
  run: string,
  scratch: ScratchOnDemand,
): Promise<DeployState> {
  const { url, emit, signal, environment, release, gitCommit } = request;
  const warn = (message: string) => emit({ type: "notice", severity: "warning", message });
  const { state } = await runStage(
    request,
    "preflight",
    describeTarget(url),
    async () => {
      const lock = await DeployLock.open(url, release);
      try {
        const { session } = lock;
        await preflight(url, session, warn);
        const contract =
          typeof request.contract === "function"
            ? await request.contract(async () => scratch.get(session.major))
            : request.contract;
        await lock.take({ waitMs: request.runner.waitForRunnerMs ?? 900_000, emit, signal });
        await installLedger(session);
        const details = { id: run, command: "deploy", environment, release, gitCommit };
        await beginDeploy(session, { ...details, actor: localActor(), host: hostname() });
        const running = await readRunning(request, contract, session);
        const { known, unknown } = running;
        return { running, state: { run, lock, scratch, contract, running: known, unknown, warn } };
      } catch (error) {
        await lock[Symbol.asyncDispose]();
        throw error;
      }
    },
    ({ running }) => describeRunning(running),
  );
  return state;
}
