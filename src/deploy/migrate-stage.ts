import { isLockstepError } from "../errors/index.ts";
import { migrate } from "../runner/index.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { runStage } from "./stages.ts";

/**
 * Applies what is pending. Stops where it can be resumed when the deploy is cancelled or has lost its lock.
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
        const { applied } = await migrate({
          url,
          folder,
          emit,
          signal: signal === undefined ? lost : AbortSignal.any([signal, lost]),
          run: state.run,
          options: { ...request.runner, command: "deploy", environment, release, gitCommit },
        });
        return applied.map(({ id }) => id);
      } catch (error) {
        if (isLockstepError(error) && error.code === "run-cancelled") lost.throwIfAborted();
        throw error;
      }
    },
    (ids) => (ids.length === 0 ? "nothing pending" : `applied ${ids.join(", ")}`),
  );
}
