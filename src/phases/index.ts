export { runPhase, type PhaseRequest, type PhaseResult } from "./run-phase.ts";
export type { CarriedPhase } from "./parts.ts";
