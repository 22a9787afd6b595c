export { runCommand } from "../processes/index.ts";
export { findDrift, type Drift, type DriftUnknown } from "./drift.ts";
export { deploy } from "./deploy.ts";
export { deployEndOf, type DeployEnd } from "./deploy-end.ts";
export { catalogGate } from "./forecast.ts";
export {
  ledgerOf,
  onScratch,
  rolesFor,
  runOnScratch,
  type ScratchHistory,
} from "./history-on-scratch.ts";
export { runGateWithCauses, type OtherDatabase } from "./elsewhere.ts";
export { runProbes, type ProbeResult } from "./probes.ts";
export type { DeployRequest, DeployResult } from "./request.ts";
export { instanceTtlMs } from "./running.ts";
export type { SnapshotRequest, TakenSnapshot } from "./snapshot-stage.ts";
export { holdWhileRisky, type WindowRequest } from "./window-stage.ts";
export { readWorkAhead } from "./work-ahead.ts";
export { ScratchOnDemand } from "./scratch-on-demand.ts";
export { explainServerError } from "./server-error.ts";
export { limitWaits } from "./limits.ts";
export { prepareLedger } from "./preflight.ts";
export { stages, type Stage } from "./stages.ts";
export { readVariables } from "./variables.ts";
export { readWaiting, type WaitingSession } from "./waiting.ts";
