/**
 * What makes rows is made of: tables that take rows, values of a type, expressions that meet conditions. Its code is loaded
 * only then: a prediction needs none of it.
 */
export async function rowMaking() {
  return import("./rows/index.ts");
}
export type { Table as FillableTable, TableColumn as FillableColumn } from "./rows/tables.ts";
export type { ValueType } from "./rows/types.ts";
