export { inPasses } from "./alter-table/index.ts";
export type { PendingLabel, PredictInput } from "./input.ts";
export { predict } from "./predict.ts";
export { startPredicting } from "./predictor.ts";
