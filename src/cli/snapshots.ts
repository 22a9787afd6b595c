import { randomUUID } from "node:crypto";
import type { ChosenEnvironment } from "../config/index.ts";
import type { SnapshotRequest } from "../deploy/index.ts";
import type { LockstepError } from "../errors/index.ts";
import { emitFor, type Emit } from "../events/index.ts";
import { readStatus } from "../runner/index.ts";
import { createSnapshot, type Snapshot, type SnapshotSettings } from "../snapshot/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import type { Context } from "./context.ts";
import type { CommandOutput } from "./output.ts";

export interface SnapshotWords {
  readonly by?: SnapshotSettings["by"] | undefined;
  readonly to?: string | undefined;
  readonly jobs?: number | undefined;
  readonly instance?: string | undefined;
  readonly project?: string | undefined;
  readonly branch?: string | undefined;
}

/** How snapshots are made: options before the config. A dump when nothing is said. */
export function snapshotSettings(
  words: SnapshotWords,
  { deploy }: ChosenEnvironment,
): SnapshotSettings {
  const { before: _before, ...config } = deploy.snapshot ?? {};
  const given = Object.fromEntries(
    Object.entries(words).filter(([, value]) => value !== undefined),
  );
  return { by: "dump", ...config, ...given };
}

/** `before-20261122-101500`: small letters, digits and hyphens, as every provider takes them. */
export function snapshotName(what: string, now = new Date()): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return `${what}-${time}`;
}

/** Makes a snapshot before something risky, as a run of its own, and tells of it. */
export async function snapshotBefore(
  what: string,
  environment: ChosenEnvironment,
  output: Pick<CommandOutput, "listener">,
  context: Context,
): Promise<Snapshot> {
  const run = randomUUID();
  const emit = emitFor(run, output.listener);
  const settings = snapshotSettings({}, environment);
  const name = snapshotName("before");
  const { url } = environment;
  const { cwd, env, signal } = context;
  const about = { url, run, environment: environment.name, name, settings };
  return asStage(emit, `${name} by ${settings.by}, ${what}`, async () =>
    createSnapshot({ ...about, cwd, env, signal, emit }),
  );
}

/** How a deploy takes the snapshot that the config wants; undefined when it wants none. */
export function deploySnapshot(
  environment: ChosenEnvironment,
  { cwd, env }: Context,
): SnapshotRequest | undefined {
  if (environment.deploy.snapshot?.before !== true) return undefined;
  const settings = snapshotSettings({}, environment);
  const name = snapshotName("before");
  const { url } = environment;
  return {
    detail: `${name} by ${settings.by}`,
    take: async (live) => {
      const about = { url, run: randomUUID(), environment: environment.name, name, settings };
      return createSnapshot({ ...about, ...live, cwd, env });
    },
  };
}

/** Makes a snapshot between the events of a stage: other terminals see it from its beginning on. */
export async function asStage(
  emit: Emit,
  detail: string,
  make: () => Promise<Snapshot>,
): Promise<Snapshot> {
  const began = performance.now();
  emit({ type: "stage.started", stage: "snapshot", detail });
  try {
    const snapshot = await make();
    const ms = Math.round(performance.now() - began);
    emit({ type: "stage.finished", stage: "snapshot", detail: snapshot.place, ms });
    return snapshot;
  } catch (error) {
    emit({ type: "stage.failed", stage: "snapshot", detail: (error as LockstepError).message });
    throw error;
  }
}

/** Whether a run would apply a migration. */
export async function isSomethingPending(url: string, folder: MigrationFolder): Promise<boolean> {
  const { migrations } = await readStatus({ url, folder });
  return migrations.some(({ state }) => !["applied", "edited", "unknown"].includes(state));
}
