export { compareContract } from "./compare.ts";
export { liveSchema } from "./live.ts";
export { migrationStates, type OtherEnvironment } from "./evidence.ts";
export type { MigrationState } from "./cause.ts";
export type { Difference, DifferenceKind, GateResult } from "./result.ts";
export { runGate, type GateOptions } from "./run.ts";
