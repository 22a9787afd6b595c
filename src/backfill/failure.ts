import { sqlState } from "../pg/index.ts";

/** Says something of others, not of the row: lock not available, deadlock, serialization, cancelled. */
export function isTemporary(error: unknown): boolean {
  return temporary.has(sqlState(error) ?? "");
}

const temporary: ReadonlySet<string> = new Set(["55P03", "40P01", "40001", "57014"]);

/**
 * Of a class that a row's values can make: cardinality, data, integrity, WITH CHECK OPTION, and what routines raise. Any
 * other (a privilege, a full disk) would meet every row.
 */
export function isOfRow(error: unknown): boolean {
  return ofRows.has((sqlState(error) ?? "").slice(0, 2));
}

const ofRows: ReadonlySet<string> = new Set(["21", "22", "23", "2F", "38", "44", "P0"]);
