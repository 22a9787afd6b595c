import type { Effect } from "../../effect.ts";
import type { PredictInput } from "../input.ts";
import { startDraft } from "./plan.ts";

/** ALTER TYPE … SET (property): properties of a base type, in the catalog only. */
export function predictAlterType(input: PredictInput): Effect {
  return startDraft(input).effect();
}
