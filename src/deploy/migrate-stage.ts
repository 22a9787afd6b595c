import { installed, shownCommand } from "../processes/index.ts";
import { isLockstepError } from "../errors/index.ts";
import { carry, type PhaseResult } from "../phases/index.ts";
import type { Program } from "../tools/index.ts";
import { runWrapped } from "../wrapped/index.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { instanceTtlMs } from "./running.ts";
import { runStage } from "./stages.ts";

/**
 * Applies what is pending; what has a plan as its expand and backfill phases, with no row left unfilled. Stops where it can be resumed when the deploy is cancelled or has lost its lock.
 * @throws LockstepError what the runner throws
 */
export async function applyPending(request: DeployRequest, state: DeployState): Promise<void> {
  const { folder, emit, url, environment, release, gitCommit, signal } = request;
  if (folder === undefined) return;
  const { lost } = state.lock;
  await runStage(
    request,
    "migrate",
    folder.path,
    async () => {
      await state.lock.assertHeld();
      try {
        const common = {
          url,
          folder,
          emit,
          signal: signal === undefined ? lost : AbortSignal.any([signal, lost]),
          run: state.run,
          options: { ...request.runner, command: "deploy", environment, release, gitCommit },
        };
        const { program } = folder;
        const { applied, carried } = await carry({
          ...common,
          plans: request.plans ?? [],
          instanceTtlMs: request.instanceTtlMs ?? instanceTtlMs,
          environment,
          backfill: request.backfill,
          ...(program === undefined
            ? {}
            : {
                runProgram: async (tell) =>
                  runWrapped({
                    ...common,
                    ...commandOf(program),
                    emit: tell,
                    root: request.cwd,
                    env: request.env,
                    urlVariables: request.urlVariables ?? [],
                    // It was recorded when it was read.
                    recorded: async () => folder,
                  }),
              }),
        });
        state.carried = carried;
        return { ids: applied.map(({ id }) => id), carried };
      } catch (error) {
        if (isLockstepError(error) && error.code === "run-cancelled") lost.throwIfAborted();
        throw error;
      }
    },
    describe,
  );
}

/** A program is run by its tool's own command, guarded. */
function commandOf({ command, cwd }: Program) {
  return { command: installed(command, cwd), shown: shownCommand(command), cwd };
}

function describe({
  ids,
  carried,
}: {
  readonly ids: readonly string[];
  readonly carried: readonly PhaseResult[];
}): string {
  const parts = [
    ...(ids.length === 0 ? [] : [`applied ${ids.join(", ")}`]),
    ...carried.map(({ plan }) => `plan ${plan} carried up to its contract phase`),
  ];
  return parts.length === 0 ? "nothing pending" : parts.join("; ");
}
