export { rowsByPrograms } from "./by-programs.ts";
export { deleteRows } from "./delete.ts";
export {
  asksOnlyForNull,
  cameWithDefault,
  givesEach,
  isValue,
  valuesGiven,
} from "./given-values.ts";
export { insertRows, isGivenOnce } from "./insert.ts";
export { updateRows } from "./update.ts";
