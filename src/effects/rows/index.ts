export { fillTables, type FillResult } from "./fill.ts";
