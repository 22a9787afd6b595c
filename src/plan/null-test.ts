import type { Column } from "../catalog/index.ts";

/**
 * True when `IS NULL` asks for the parts of a value: `ROW(1, NULL)` is neither NULL nor NOT NULL, but a column that is NOT
 * NULL takes it (manual 9.2, 8.16.4). A domain may be over such a type.
 */
function isOfParts({ type: { kind } }: Pick<Column, "type">): boolean {
  return kind === "composite" || kind === "domain";
}

/** A condition: NULL itself is there. @param sql the column as the statement names it */
export function isNull(sql: string, column: Pick<Column, "type">): string {
  return isOfParts(column) ? `${sql} IS NOT DISTINCT FROM NULL` : `${sql} IS NULL`;
}

/** A condition: a value is there, whatever its parts are. As a check it proves NOT NULL (NotNullImpliedByRelConstraints). */
export function isSet(sql: string, column: Pick<Column, "type">): string {
  return isOfParts(column) ? `${sql} IS DISTINCT FROM NULL` : `${sql} IS NOT NULL`;
}
