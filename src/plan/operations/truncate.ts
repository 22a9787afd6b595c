import type { Table } from "../../catalog/index.ts";
import { named, sqlName } from "../lookup.ts";
import type { OperationInput, Refusal } from "./operation.ts";

/** `TRUNCATE` of a table that was there: its rows go for the old release too, and at once. */
export function truncate(input: OperationInput): Refusal | undefined {
  const { statement, before, existed, searchPath } = input;
  const { node } = statement;
  if (!("TruncateStmt" in node)) return undefined;
  const tables = (node.TruncateStmt.relations ?? []).flatMap((relation): readonly Table[] => {
    const table =
      "RangeVar" in relation ? named(before.tables, relation.RangeVar, searchPath) : undefined;
    return table !== undefined && existed(table) ? [table] : [];
  });
  if (tables.length === 0) return undefined;
  const names = tables.map(sqlName).join(", ");
  const along =
    node.TruncateStmt.behavior === "DROP_CASCADE" ? ", with what refers to it (CASCADE)," : "";
  const deletes = tables.map((table) => `DELETE FROM ${sqlName(table)}`).join("; ");
  return {
    title: `TRUNCATE of ${names}`,
    refused: {
      why: `TRUNCATE empties ${names}${along} in one moment, also for the old release, which may read the rows; it waits for everybody who uses the table while all others wait behind it, and an abort does not bring the rows back`,
      instead: [
        `${deletes}: rows that may go while the old release runs go in batches, where no foreign key takes or changes others with them`,
        "TRUNCATE in a later migration, when no release that runs reads the rows",
      ],
    },
  };
}
