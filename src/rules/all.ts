import type { Rule } from "./rule.ts";
import { staleSuppressionRule, suppressionWithoutReasonRule } from "./suppression-rules.ts";

/** Every rule, by id. */
export const rules: readonly Rule[] = [staleSuppressionRule, suppressionWithoutReasonRule];
