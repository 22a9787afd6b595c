export { applyBack } from "./apply.ts";
export { inverseOf, writtenBack } from "./back.ts";
export { rowsInWords } from "./losses.ts";
export type { OwnCommand, TakenBack } from "./request.ts";
export { takeBack } from "./take-back.ts";
