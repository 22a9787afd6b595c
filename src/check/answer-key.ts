import { createHash } from "node:crypto";
import type { CheckInputs } from "./inputs.ts";
import type { CheckRequest } from "./request.ts";

/** How an answer is shown, and by which code. */
export interface Asked {
  /** Identifies Lockstep's own code. */
  readonly build: string;
  /** Each format that is printed or written, with all that its text hangs on. */
  readonly forms: readonly unknown[];
}

/**
 * A key for the answer to a check: equal keys mean the same request, the same bytes of every file, and the same code.
 * Undefined for a check whose answer does not follow from these alone: one that runs on a server.
 */
export function answerKey(
  request: CheckRequest,
  inputs: CheckInputs,
  asked: Asked,
): string | undefined {
  if (!request.static) return undefined;
  // Only used to find what the inputs hold. All other members count, also those that will be added.
  const { env: _, url: __, folder: ___, agreement: ____, statements, ...own } = request;
  const chosen = {
    ...inputs.chosen,
    // The files of the folder that matter are in its history and steps.
    plans: inputs.chosen.plans.map((plan) => ({ ...plan, folder: plan.folder?.path })),
  };
  const text = JSON.stringify(
    ["answer 2", process.version, asked, own, statements?.file, { ...inputs, chosen }],
    plain,
  );
  return createHash("sha256").update(text).digest("hex");
}

/** JSON would write maps and sets as empty objects. Texts of files are told by their checksums. */
function plain(this: unknown, key: string, value: unknown): unknown {
  if (key === "sql" && typeof (this as { checksum?: unknown }).checksum === "string")
    return undefined;
  return value instanceof Map || value instanceof Set ? [...value] : value;
}
