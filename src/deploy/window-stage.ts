import type { Emit } from "../events/index.ts";
import { noteRun } from "../ledger/index.ts";
import type { Session } from "../pg/index.ts";
import type { PlanFolder } from "../plan/index.ts";
import type { MigrationFolder } from "../tools/index.ts";
import { holdForWindow, look, risksIn, type Window } from "../window/index.ts";
import type { DeployRequest, DeployState } from "./request.ts";
import { runStage, type Stage } from "./stages.ts";
import { readWorkAhead } from "./work-ahead.ts";

/** When risky work may begin. */
export interface WindowRequest {
  readonly windows: readonly Window[];
  /** How long it is waited at the most, in ms. */
  readonly waitMs: number;
}

interface Held extends WindowRequest {
  readonly session: Session;
  readonly folder: MigrationFolder;
  readonly plans: readonly PlanFolder[];
  /** Why the work is risky, whatever the migrations hold: a contract phase. */
  readonly because?: string | undefined;
  /** Applies the pending migrations in front of the first risky one, where a window is closed; without it all of them wait. */
  readonly applyHarmless?: ((ids: ReadonlySet<string>) => Promise<void>) | undefined;
  readonly emit: Emit;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Waits for the window when something of what is to be done is risky, between the events of a stage.
 * @returns why it was open; undefined when nothing had to wait
 * @throws LockstepError `window-closed`, `run-cancelled`, `usage`
 */
export async function holdWhileRisky(held: Held): Promise<string | undefined> {
  const { session, folder, plans, windows, waitMs, because, applyHarmless, emit, signal } = held;
  const ahead: Ahead | undefined =
    because === undefined
      ? await workAhead(session, folder, plans)
      : { risks: [because], harmless: [] };
  if (ahead === undefined) return undefined;
  const { risks, harmless } = ahead;
  if (risks.length === 0) {
    const message = "nothing that is pending is risky: the window is not waited for";
    emit({ type: "notice", severity: "info", message });
    return undefined;
  }
  const wanted = windows.map(({ text }) => text).join(" and ");
  const zones = windows.flatMap((one) => (one.kind === "hours" ? [one.zone] : []));
  const stage: Stage = "window";
  return runStage(
    { emit, signal },
    stage,
    `${wanted}, for ${risks.join("; ")}`,
    async () =>
      holdForWindow({
        windows,
        waitMs,
        risk: risks.join("\n"),
        look: async () => look(session, [...new Set(zones)]),
        meanwhile:
          applyHarmless === undefined || harmless.length === 0
            ? undefined
            : async () => {
                const message = `harmless, and in front of what is risky, so not held: ${harmless.join(", ")}`;
                emit({ type: "notice", severity: "info", message });
                await applyHarmless(new Set(harmless));
                return harmless;
              },
        emit,
        signal,
      }),
    (why) => `open: ${why}`,
  );
}

interface Ahead {
  readonly risks: readonly string[];
  /** Ids of the pending migrations in front of the first risky one. */
  readonly harmless: readonly string[];
}

async function workAhead(
  session: Session,
  folder: MigrationFolder,
  plans: readonly PlanFolder[],
): Promise<Ahead | undefined> {
  const work = await readWorkAhead(session, folder);
  if (work === undefined) return undefined;
  const { pending, begun } = work;
  const planned = new Set(plans.flatMap(({ manifest }) => manifest.migration.id ?? []));
  const found = await risksIn(session, folder, pending, planned);
  const first = pending.findIndex(({ id }) => id === found[0]?.migration);
  return {
    risks: [...begun.map((plan) => `plan ${plan} is under way`), ...found.map(({ why }) => why)],
    // A run goes on with a plan that is under way before it does anything else.
    harmless: begun.length > 0 ? [] : pending.slice(0, Math.max(0, first)).map(({ id }) => id),
  };
}

/** The window of a deploy: before everything that is true only for a while is looked at. */
export async function waitForWindow(request: DeployRequest, state: DeployState): Promise<void> {
  const { folder, window, withoutWindow, plans = [], emit, signal } = request;
  const { session, lost } = state.lock;
  if (withoutWindow !== undefined) {
    state.warn(`the window is not waited for: ${withoutWindow}`);
    await noteRun(session, state.run, { withoutWindow });
    return;
  }
  if (folder === undefined || window === undefined) return;
  const either = signal === undefined ? lost : AbortSignal.any([signal, lost]);
  try {
    const open = await holdWhileRisky({ ...window, session, folder, plans, emit, signal: either });
    if (open !== undefined) await noteRun(session, state.run, { window: open });
  } catch (error) {
    if (signal?.aborted !== true) lost.throwIfAborted();
    throw error;
  }
}
