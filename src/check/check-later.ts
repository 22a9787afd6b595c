import type { CheckInputs } from "./inputs.ts";
import type { CheckReport } from "./report.ts";
import type { CheckRequest } from "./request.ts";

/**
 * Checks migrations: what each statement does, observed on scratch or predicted, what the rules say to it, and what the
 * repository's pipeline would make of it. Parser, predictions and rules are loaded now: a kept answer needs none of them.
 *
 * @param inputs what `readInputs` gave for the request; it is called when they are left out
 * @throws LockstepError when it could not be done: `usage`, `file-unreadable`, `scratch-unavailable`,
 * `scratch-run-failed` for a base, and what reading the folder throws
 */
export async function check(request: CheckRequest, inputs?: CheckInputs): Promise<CheckReport> {
  const loaded = await import("./check.ts");
  return loaded.check(request, inputs);
}
