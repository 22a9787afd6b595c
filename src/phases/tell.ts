import type { Emit } from "../events/index.ts";
import type { PlanPhase } from "../ledger/index.ts";
import type { PhaseResult } from "./run-phase.ts";

/** Where a plan stands, for people. */
const words: Readonly<Record<PlanPhase, string>> = {
  expand: "in its expand phase",
  backfill: "expanded: rows are still to be filled",
  ready: "ready for the new release; its contract phase waits for the end of the old one",
  contract: "in its contract phase",
  finished: "finished",
  abort: "being taken back",
  aborted: "taken back",
};

/** Does the work of one phase between its events. */
export async function tellPhase(
  emit: Emit,
  plan: string,
  phase: "expand" | "backfill" | "contract" | "rollback",
  work: () => Promise<PhaseResult>,
): Promise<PhaseResult> {
  emit({ type: "phase.started", plan, phase });
  const began = performance.now();
  try {
    const reached = await work();
    const ms = performance.now() - began;
    emit({ type: "phase.finished", plan, phase, detail: words[reached.phase], ms });
    return reached;
  } catch (error) {
    emit({ type: "phase.failed", plan, phase, detail: (error as Error).message });
    throw error;
  }
}
