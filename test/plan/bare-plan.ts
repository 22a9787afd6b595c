import type { Plan } from "../../src/plan/index.ts";

/** A plan of these steps, and of nothing else. */
export function planWith(phases: Partial<Plan> = {}): Plan {
  return {
    id: "p1",
    expand: [],
    backfill: [],
    contract: [],
    notes: [],
    remains: [],
    exemptions: [],
    ...phases,
  };
}
