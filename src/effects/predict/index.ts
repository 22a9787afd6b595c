export type { PredictInput } from "./input.ts";
export { predict } from "./predict.ts";
export { searchPathOf } from "./search-path.ts";
