export { fillSql, type PhaseName, type PlanTexts } from "./folder/write.ts";
export type { Manifest, ProvenFiles } from "./folder/manifest.ts";
export {
  isEdited,
  isProven,
  plansFolder,
  readPlan,
  readPlans,
  writeManifest,
  writePlan,
  type PlanFolder,
} from "./folder/store.ts";
export { apartFunction } from "./dual-writes/apart.ts";
export { flagColumn, isKeyGuard, parkedColumn } from "./dual-writes/names.ts";
export { differenceName, undoOf } from "./inverse.ts";
export { isHarmless, makePlan, provePlan, runSteps } from "./later.ts";
export type { Made } from "./make.ts";
export type { Change, Exemption, Fill, Plan, Step, TableName } from "./model.ts";
export type { Proof, ProofFailure, ProofName, StepPlace } from "./prove/proof.ts";
export { planId } from "./plan-id.ts";
export type { Part } from "./recognise.ts";
