export { fillSql, type PhaseName, type PlanTexts } from "./folder/write.ts";
export type { Manifest, ProvenFiles } from "./folder/manifest.ts";
export {
  isProven,
  readPlan,
  readPlans,
  writeManifest,
  writePlan,
  type PlanFolder,
} from "./folder/store.ts";
export { flagColumn, parkedColumn } from "./dual-writes/index.ts";
export { differenceName } from "./inverse.ts";
export { makePlan, planId, type Made } from "./make.ts";
export type { Change, Exemption, Fill, Plan, Step, TableName } from "./model.ts";
export type { Proof, ProofFailure, ProofName, StepPlace } from "./prove/proof.ts";
export { provePlan } from "./prove/prove.ts";
export type { Part } from "./recognise.ts";
