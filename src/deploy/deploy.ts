import { randomUUID } from "node:crypto";
import { isLockstepError } from "../errors/index.ts";
import type { Emit } from "../events/index.ts";
import { settleRun } from "../ledger/index.ts";
import { describeTarget, redact, Session } from "../pg/index.ts";
import { checkCompatibility } from "./compatibility.ts";
import { noteDeployEnd } from "./deploy-end.ts";
import { passGate } from "./gate-stage.ts";
import { applyPending } from "./migrate-stage.ts";
import { getReady } from "./preflight-stage.ts";
import { recordSuccess } from "./record-stage.ts";
import type { DeployRequest, DeployResult, DeployState } from "./request.ts";
import { ScratchOnDemand } from "./scratch-on-demand.ts";
import { explainServerError } from "./server-error.ts";
import { probeService, putIntoService } from "./service.ts";
import { snapshotState, takeSnapshot } from "./snapshot-stage.ts";
import type { Stage } from "./stages.ts";
import { standing, withState } from "./standing.ts";
import { waitForWindow } from "./window-stage.ts";

/**
 * Carries a release into an environment: preflight, window, compatibility with what runs, snapshot, migrate, gate, deploy
 * command, probes, record. Stops at the first stage that fails, before anything later was touched; `docs/deploy.md` has the state and the
 * way out for each.
 *
 * @throws LockstepError with the state of the database in its `why`; `deployEndOf` tells how far it came
 */
export async function deploy(given: DeployRequest): Promise<DeployResult> {
  const run = given.run ?? randomUUID();
  const seen = new Witness(given.emit);
  const request: DeployRequest = { ...given, run, emit: seen.emit };
  await using scratch = new ScratchOnDemand(request.scratch);
  let state: DeployState | undefined;
  try {
    state = await getReady(request, run, scratch);
    await waitForWindow(request, state);
    await checkCompatibility(request, state);
    await takeSnapshot(request, state);
    await applyPending(request, state);
    const gate = await passGate(request, state);
    const inService = await putIntoService(request, state);
    const probes = await probeService(request, state);
    await recordSuccess(request, state, probes);
    const { environment, release } = request;
    const { applied, warnings } = seen;
    const { carried = [], snapshot } = state;
    return {
      run,
      environment,
      release,
      applied,
      carried,
      gate,
      inService,
      probes,
      warnings,
      ...(snapshot === undefined ? {} : { snapshot }),
    };
  } catch (error) {
    const failure = await explainEnd(error, request, state, seen);
    const { environment, release } = request;
    const { stage, applied, warnings } = seen;
    if (isLockstepError(failure))
      noteDeployEnd(failure, {
        run,
        environment,
        release,
        stage,
        applied,
        gate: state?.gate,
        warnings,
      });
    throw failure;
  } finally {
    await state?.lock[Symbol.asyncDispose]();
  }
}

/** What the stages have said so far. */
class Witness {
  stage: Stage = "preflight";
  readonly applied: string[] = [];
  readonly warnings: string[] = [];
  readonly emit: Emit;

  constructor(emit: Emit) {
    this.emit = (event) => {
      if (event.type === "stage.started") this.stage = event.stage as Stage;
      if (event.type === "migration.finished") this.applied.push(event.migration);
      if (event.type === "notice" && event.severity === "warning")
        this.warnings.push(event.message);
      emit(event);
    };
  }
}

const beforeChanges: ReadonlySet<Stage> = new Set([
  "preflight",
  "window",
  "compatibility",
  "snapshot",
]);

/** The failure as the person reads it, with what it leaves; the deploy's row in the ledger says the same. */
async function explainEnd(
  error: unknown,
  request: DeployRequest,
  state: DeployState | undefined,
  seen: Witness,
): Promise<unknown> {
  const { url } = request;
  const failure = explainServerError(error, describeTarget(url));
  if (state !== undefined) await noteEnd(url, state, failure);
  if (!isLockstepError(failure)) return failure;
  if (state === undefined || beforeChanges.has(seen.stage))
    return withState(failure, ["the deploy stopped before its first change"]);
  if (seen.stage === "record") return failure;
  return withState(failure, [
    ...(seen.stage === "migrate" || seen.stage === "gate"
      ? ["the deploy stopped before its command: the old release goes on serving"]
      : []),
    seen.applied.length === 0
      ? "this deploy applied no migration"
      : `applied by this deploy and still there: ${seen.applied.join(", ")}`,
    ...(await standing(url, request.environment, state.running)),
    ...snapshotState(state),
  ]);
}

/** Best effort: the failure is told to the person whether or not it can be written down. */
async function noteEnd(url: string, { run, lock }: DeployState, failure: unknown): Promise<void> {
  const outcome =
    isLockstepError(failure) && failure.code === "run-cancelled" ? "stopped" : "failed";
  const error = isLockstepError(failure)
    ? { code: failure.code, what: failure.explanation.what, found: failure.explanation.found }
    : { code: "internal", what: redact((failure as Error).message, url) };
  try {
    if (lock.lost.aborted) {
      await using session = await Session.open({ url, applicationName: "lockstep/deploy" });
      await settleRun(session, run, outcome, error);
    } else await settleRun(lock.session, run, outcome, error);
  } catch {
    // The row stays `running`, and the next deploy marks it lost.
  }
}
