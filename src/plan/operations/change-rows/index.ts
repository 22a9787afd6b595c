export { rowsByPrograms } from "./by-programs.ts";
export { deleteRows } from "./delete.ts";
export { insertRows, isGivenOnce } from "./insert.ts";
export { updateRows } from "./update.ts";
