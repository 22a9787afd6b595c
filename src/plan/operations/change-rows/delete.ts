import { isHarmless } from "../../harmless.ts";
import { named, sqlName } from "../../lookup.ts";
import type { OperationInput, Refusal } from "../operation.ts";

/** `DELETE` and `MERGE` that may reach every row: no batches are provably the same. */
export function deleteRows({
  statement: { node },
  before,
  existed,
  effect,
  searchPath,
}: OperationInput): Refusal | undefined {
  const [word, relation] =
    "DeleteStmt" in node
      ? ["DELETE", node.DeleteStmt.relation]
      : "MergeStmt" in node
        ? ["MERGE", node.MergeStmt.relation]
        : ["", undefined];
  const table = relation && named(before.tables, relation, searchPath);
  if (table === undefined || !existed(table) || isHarmless(effect)) return undefined;
  return {
    title: `${word} of rows of ${sqlName(table)}`,
    refused: {
      why: `${word} changes rows that the old release still reads, in one transaction: every writer of one of them waits until it ends, and no abort brings a row back`,
      instead: [
        `after the contract phase, in batches that commit each: DELETE FROM ${sqlName(table)} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${sqlName(table)} WHERE … LIMIT 1000)), repeated until it deletes none`,
        "for all rows of an old period: a partition that is detached and dropped",
      ],
    },
  };
}
