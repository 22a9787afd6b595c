import type { Effect } from "../effects/index.ts";
import type { Made, MakeRequest } from "./make.ts";
import type { Proof } from "./prove/proof.ts";
import type { ProofRequest } from "./prove/request.ts";
import type { Session } from "../pg/index.ts";
import type { Step } from "./model.ts";

/**
 * Turns a migration into phases. Operations, effects and the parser are loaded now: whoever only carries plans, or has
 * none, needs nothing of them.
 *
 * @throws LockstepError `sql-syntax`; `scratch-run-failed` when the migration itself does not run; `plan-expression`
 */
export async function makePlan(request: MakeRequest): Promise<Made> {
  const loaded = await import("./make.ts");
  return loaded.makePlan(request);
}

/** Whether a statement of this effect may be run as it is while both releases run; see harmless.ts, which is loaded now. */
export async function isHarmless(effect: Effect): Promise<boolean> {
  const loaded = await import("./harmless.ts");
  return loaded.isHarmless(effect);
}

/**
 * Tries a plan on scratch; see prove/prove.ts, which is loaded now.
 *
 * @throws LockstepError of a connection; the signal's reason
 */
export async function provePlan(request: ProofRequest): Promise<Proof> {
  const loaded = await import("./prove/prove.ts");
  return loaded.provePlan(request);
}

/**
 * Carries steps of a plan out on a scratch database, as a proof does.
 *
 * @throws the server's error of the first that fails
 */
export async function runSteps(session: Session, steps: readonly Step[]): Promise<void> {
  const { runStep } = await import("./prove/run-step.ts");
  for (const step of steps) await runStep(session, step);
}
