import type { Emit } from "../events/index.ts";
import { noteRun } from "../ledger/index.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { runStage } from "./stages.ts";
import { readWorkAhead } from "./work-ahead.ts";

/** A snapshot as a deploy records it. */
export interface TakenSnapshot {
  readonly name: string;
  readonly by: string;
  /** The server's moment at which it was begun: what was written later is not in it. */
  readonly at: string;
  readonly place: string;
  readonly restore: string;
  readonly notKnown: readonly string[];
}

/** How a deploy takes its snapshot. */
export interface SnapshotRequest {
  /** `before-20261122-101500 by dump`. */
  readonly detail: string;
  /** Takes it; one that is not whole is none. */
  readonly take: (live: {
    readonly emit: Emit;
    readonly signal: AbortSignal | undefined;
  }) => Promise<TakenSnapshot>;
}

/**
 * Takes a snapshot when something is to be done and one is wanted; recorded with the run. Without it nothing is begun.
 * @throws LockstepError what taking it throws
 */
export async function takeSnapshot(request: DeployRequest, state: DeployState): Promise<void> {
  const { folder, snapshot, withoutSnapshot, signal } = request;
  const { session } = state.lock;
  if (withoutSnapshot !== undefined) {
    state.warn(`no snapshot is taken: ${withoutSnapshot}`);
    await noteRun(session, state.run, { withoutSnapshot });
    return;
  }
  if (snapshot === undefined || folder === undefined) return;
  if ((await readWorkAhead(session, folder)) === undefined) return;
  const { lost } = state.lock;
  const either = signal === undefined ? lost : AbortSignal.any([signal, lost]);
  state.snapshot = await runStage(
    request,
    "snapshot",
    snapshot.detail,
    async () => {
      try {
        return await snapshot.take({ emit: request.emit, signal: either });
      } catch (error) {
        if (signal?.aborted !== true) lost.throwIfAborted();
        throw error;
      }
    },
    ({ place, notKnown }) =>
      [`${place}; what is written from now on is not in it`, ...notKnown].join("; not known: "),
  );
  const { name, by, at, place, restore } = state.snapshot;
  await noteRun(session, state.run, { snapshot: { name, by, at, place, restore } });
}

/** What of a failed deploy's snapshot a person has to know. */
export function snapshotState({ snapshot }: DeployState): readonly string[] {
  if (snapshot === undefined) return [];
  const { name, at, place } = snapshot;
  return [
    `snapshot ${name} of ${at} is at ${place}; it does not bring back what was written since (lockstep snapshot list)`,
  ];
}
