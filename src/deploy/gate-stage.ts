import { LockstepError } from "../errors/index.ts";
import type { Difference, GateResult } from "../gate/index.ts";
import { settleRun, storeContract } from "../ledger/index.ts";
import { runGateWithCauses } from "./elsewhere.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { runStage } from "./stages.ts";

/**
 * Compares the new release's contract with the live database. When it is open the contract is stored, before any
 * instance of the release can register: from then on it is known what a running instance expects.
 *
 * @throws LockstepError `gate-closed`
 */
export async function passGate(request: DeployRequest, state: DeployState): Promise<GateResult> {
  const { environment, folder, variables, release } = request;
  const { contract } = state;
  const { session } = state.lock;
  return runStage(
    request,
    "gate",
    `release ${release}`,
    async () => {
      await state.lock.assertHeld();
      if (variables === undefined && contract.env.length > 0)
        state.warn(
          `${contract.env.map(({ name }) => name).join(", ")}: needed by the release, not looked at (deploy.env is false)`,
        );
      const result = await runGateWithCauses(
        {
          contract: { ...contract, release },
          database: session,
          environment,
          env: variables,
          folder,
          record: true,
        },
        request.others ?? [],
      );
      state.gate = result;
      for (const one of result.differences)
        if (one.severity === "warning")
          state.warn(`${one.object}: expected ${one.expected}, found ${one.found}`);
      if (!result.open) throw closed(request, result);
      await storeContract(session, { ...contract, release });
      await settleRun(session, state.run, "running");
      // The last look before something is put into service: with the lock lost, another deploy may have begun.
      await state.lock.assertHeld();
      return result;
    },
    () => `open: ${environment} has what release ${release} expects`,
  );
}

function closed(request: DeployRequest, { differences }: GateResult): LockstepError {
  const errors = differences.filter(({ severity }) => severity === "error");
  const [first] = errors as [Difference];
  const others = errors.slice(1).map(({ object, found }) => `${object}: ${found}`);
  return new LockstepError("gate-closed", {
    what: `the gate is closed: release ${request.release} would fail in ${request.environment}`,
    expected: `${first.object}: ${first.expected}`,
    found: [
      first.found,
      ...(others.length > 0 ? [`and ${others.length} more: ${others.join("; ")}`] : []),
    ].join("\n"),
    from: first.from,
    why: first.cause,
    next: [first.next, "lockstep gate shows every difference; then lockstep deploy again"],
  });
}
