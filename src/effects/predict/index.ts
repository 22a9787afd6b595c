export { afterStatement, noLabels, type LabelState } from "./enum-labels.ts";
export type { PendingLabel, PredictInput } from "./input.ts";
export { predict } from "./predict.ts";
