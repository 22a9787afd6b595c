import { sqlName } from "./lookup.ts";
import type { TableName } from "./model.ts";

/** What statements that name no columns meet as long as a table has columns of the plan's, which no release knows. */
export function copyNote(table: TableName): string {
  return `from the expand phase until the contract phase ${sqlName(table)} has columns of the plan's: COPY … FROM without a list of columns fails ("missing data for column"), and COPY … TO and SELECT * give them too`;
}
