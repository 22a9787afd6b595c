export { literalsIn } from "./candidates.ts";
export { meetConditions } from "./conditions.ts";
export { fillTables, type FillResult } from "./fill.ts";
export { readTables } from "./tables.ts";
export { valueOf } from "./values.ts";
