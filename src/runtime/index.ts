export { assertContract } from "./assert.ts";
export type { CheckOptions } from "./check.ts";
export { ContractError, type RuntimeContract, type RuntimeDifference } from "./contract.ts";
export { registerInstance, type InstanceOptions, type RegisteredInstance } from "./instance.ts";
export { readiness, type Readiness, type ReadinessCheck } from "./readiness.ts";
export { judgeType, type TypeVerdict } from "./type-compatibility.ts";
export { typeParts } from "./type-text.ts";
export { formOfType, typescriptForm, typescriptType } from "./typescript-types.ts";
