export { rowsByPrograms } from "./by-programs.ts";
export { deleteRows } from "./delete.ts";
export {
  addedBy,
  asksOnlyForNull,
  cameWithDefault,
  givesEach,
  isValue,
  valuesGiven,
} from "./given-values.ts";
export { insertRows, isGivenOnce } from "./insert.ts";
export { updateRows } from "./update.ts";
