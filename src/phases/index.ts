export { isBetween, whileBothRun } from "./as-carried.ts";
export { carry, type CarryRequest, type CarryResult } from "./carry.ts";
export { requireNoPlans } from "./programs.ts";
export { parseConsent, type Consent } from "./evidence/index.ts";
export type { Carried } from "./marks.ts";
export { runPhase, type PhaseRequest, type PhaseResult } from "./run-phase.ts";
export { parkedLines, readParked, type ParkedRows } from "./parked.ts";
export type { CarriedPhase } from "./parts.ts";
export { contract, rollback, type Finished, type FinishRequest } from "./finish.ts";
