export type * from "./effect.ts";
export { noEffect } from "./effect.ts";
export { blocksReads, blocksWrites, lockModes, type LockMode } from "./lock-modes.ts";
export type * from "./sizes.ts";
export { parseSizes, readSizes } from "./stats.ts";
export type * from "./session/state.ts";
export { SimulatedSession, type SessionOptions, type StatementGroup } from "./session/simulate.ts";
export { searchPathOf } from "./session/search-path.ts";
export { timeoutMs } from "./session/settings.ts";
export * from "./world/index.ts";
export { startPredicting, type PredictInput } from "./predict/index.ts";
export {
  Observer,
  type Observed,
  type ObservedFile,
  type ObserverOptions,
} from "./observe/index.ts";
