export { installLedger, ledgerVersion, readLedgerVersion } from "./schema.ts";
export {
  beatLease,
  isFenceError,
  leaveLease,
  readLease,
  takeLease,
  tryRunLock,
  type Lease,
} from "./lease.ts";
export {
  readHistory,
  recordMigrationSql,
  recordUnitSql,
  type AppliedHow,
  type History,
  type MigrationRow,
  type Remained,
  type Signature,
  type UnitFailure,
  type UnitRow,
} from "./history.ts";
export { backId, backSource } from "./going-back.ts";
export { migrateNext } from "./migrate-next.ts";
export { finishRun, noteRun, startRun, type RunDetails } from "./runs.ts";
export {
  beginDeploy,
  beginRun,
  readRun,
  readRunDetail,
  recentRuns,
  settleRun,
  type RunError,
  type RunRecord,
} from "./run-log.ts";
export { readDurations, type StepDuration } from "./durations.ts";
export { writeSteps, type StepRow } from "./steps.ts";
export {
  lastVerified,
  recordDeploy,
  runningReleases,
  storeContract,
  type RunningRelease,
  type VerifiedDeploy,
} from "./verified.ts";
export { recordFit, stampCatalog, type CatalogStamp, type ObjectName } from "./stamp.ts";
export {
  beginPlanSql,
  forgetMigrationSql,
  forgetSourceSql,
  movePlanSql,
  plansInFlight,
  readPlanRow,
  type PlanPhase,
  type PlanRow,
} from "./plans.ts";
export {
  askToStop,
  beatProcess,
  beginProcess,
  endProcess,
  forgetDeadProcesses,
  readProcesses,
  type ProcessDetails,
  type ProcessRow,
} from "./processes.ts";
