import { LockstepError, type Explanation } from "../errors/index.ts";
import { redact } from "../pg/index.ts";
import { runCommand, type CommandResult } from "../processes/index.ts";
import { runProbes, type ProbeResult } from "./probes.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { cancelled, runStage } from "./stages.ts";
import { withState } from "./standing.ts";

/**
 * Runs the user's deploy command. False without one.
 * @throws LockstepError `deploy-command-failed` or `run-cancelled`, after the roll-back command ran
 */
export async function putIntoService(request: DeployRequest, state: DeployState): Promise<boolean> {
  const { command, release } = request;
  if (command === undefined) {
    state.warn(
      "no deploy command is configured: the database is ready, nothing was put into service",
    );
    return false;
  }
  await runStage(
    request,
    "deploy command",
    shown(request, command),
    async () => {
      const { ok, ended, tail } = await shell(request, command, request.signal);
      if (ok) return;
      throw await fail(request, "deploy command", "deploy-command-failed", {
        what: `the deploy command failed: ${ended}`,
        expected: "exit code 0",
        found: tail.slice(-5).join("\n") || "it printed nothing",
        from: "deploy.command",
        next: [
          "mend the command, then lockstep deploy again: the schema is done, it goes on from there",
        ],
      });
    },
    () => `release ${release} is in service`,
  );
  return true;
}

/**
 * Runs the probes.
 * @throws LockstepError `probe-failed` or `run-cancelled`, after the roll-back command ran
 */
export async function probeService(
  request: DeployRequest,
  state: DeployState,
): Promise<readonly ProbeResult[]> {
  const { probes, emit } = request;
  if (probes.length === 0) {
    state.warn("no probe is configured: nothing proves that the release works");
    return [];
  }
  return runStage(
    // Cancelled in here, so that the roll-back command runs.
    { emit },
    "probes",
    request.baseUrl ?? "",
    async () => {
      const results = await runProbes({
        probes,
        baseUrl: request.baseUrl,
        databaseUrl: request.url,
        env: request.env,
        emit,
        signal: request.signal,
        timeoutMs: request.probeTimeoutMs,
        redact: (text) => shown(request, text),
      });
      const failed = results.find(({ ok }) => !ok);
      if (failed === undefined) return results;
      throw await fail(request, "probes", "probe-failed", {
        what: `probe "${failed.name}" failed`,
        expected: "every probe to pass before the deploy counts as a success",
        found: failed.reason,
        from: "deploy.probes",
        next: ["mend the release, then lockstep deploy again; nothing was recorded as a success"],
      });
    },
    (results) => `${results.length} of ${results.length} passed`,
  );
}

/** Rolls back, and words the failure: as a cancelled deploy when it was Ctrl-C that ended the command or the probe. */
async function fail(
  request: DeployRequest,
  stage: "deploy command" | "probes",
  code: "deploy-command-failed" | "probe-failed",
  explanation: Explanation,
): Promise<LockstepError> {
  const undone = await rollBack(request);
  const isCancelled = request.signal?.aborted === true;
  const failure = isCancelled
    ? cancelled(stage, `${explanation.what}\n${explanation.found ?? ""}`.trim())
    : new LockstepError(code, explanation);
  return withState(failure, [undone]);
}

/** Runs the roll-back command, whatever was cancelled meanwhile, and says in a sentence how it went. */
async function rollBack(request: DeployRequest): Promise<string> {
  const { rollback, emit } = request;
  if (rollback === undefined)
    return "no roll-back command is configured: put the old release back by hand if the new one is in service";
  emit({
    type: "notice",
    severity: "warning",
    message: `rolling back: ${shown(request, rollback)}`,
  });
  const { ok, ended, tail } = await shell(request, rollback, undefined);
  return ok
    ? "the roll-back command succeeded: the old release was put back"
    : `the roll-back command failed too (${ended}): ${tail.slice(-3).join(" / ") || "it printed nothing"}; look at once which release serves`;
}

async function shell(
  request: DeployRequest,
  command: string,
  signal: AbortSignal | undefined,
): Promise<CommandResult> {
  return runCommand({
    command,
    cwd: request.cwd,
    env: {
      ...request.env,
      LOCKSTEP_RELEASE: request.release,
      LOCKSTEP_ENVIRONMENT: request.environment,
    },
    emit: request.emit,
    signal,
    redact: (line) => shown(request, line),
  });
}

function shown({ url, scratch }: DeployRequest, text: string): string {
  return redact(text, url, ...(scratch.url === undefined ? [] : [scratch.url]));
}
