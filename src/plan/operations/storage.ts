import { named, sqlName, tableChange, type WrittenName } from "../lookup.ts";
import type { OperationInput, Refusal } from "./operation.ts";

/** What an `ALTER TABLE` that only moves rows is called, and what does instead. */
const moves: Readonly<Record<string, { readonly what: string; readonly instead: string }>> = {
  AT_SetLogged: {
    what: "SET LOGGED",
    instead:
      "a new table that is logged, to which rows are moved; for a copy that can be lost, leave it unlogged",
  },
  AT_SetUnLogged: {
    what: "SET UNLOGGED",
    instead: "a new unlogged table, where rows that can be lost belong",
  },
  AT_SetTableSpace: {
    what: "SET TABLESPACE",
    instead:
      "for indexes alone: REINDEX (CONCURRENTLY, TABLESPACE …); for new rows: new partitions there",
  },
  AT_SetAccessMethod: {
    what: "SET ACCESS METHOD",
    instead: "a new table or new partitions of the other access method, to which rows are moved",
  },
};

/**
 * Statements that write a table or its indexes again without changing what they are: none of them lets anybody write
 * meanwhile.
 */
export function moveStorage(input: OperationInput): Refusal | undefined {
  const { statement, before, existed, searchPath } = input;
  const { node } = statement;
  const change = tableChange(node, before, searchPath);
  const move = moves[change?.command.subtype ?? ""];
  if (change !== undefined && move !== undefined)
    return existed(change.table)
      ? refusal(`${move.what} of ${sqlName(change.table)}`, move.what, [move.instead])
      : undefined;
  if ("ReindexStmt" in node)
    return {
      title: statement.sql,
      refused: {
        why: "REINDEX is no change of the schema: every environment needs it at another time, and it keeps writers out as long as it builds. One that is CONCURRENTLY and fails leaves an index behind that a person has to drop",
        instead: ["REINDEX (CONCURRENTLY) …, by itself, when the index needs it"],
      },
    };
  const tool = "pg_repack or pg_squeeze, or REPACK (CONCURRENTLY) from Postgres 19 on";
  if ("ClusterStmt" in node && isThere(node.ClusterStmt.relation, input))
    return refusal(statement.sql, "CLUSTER", [`${tool}, which copy the table while it is used`]);
  if (!("VacuumStmt" in node) || !isFull(node.VacuumStmt.options)) return undefined;
  return refusal(statement.sql, "VACUUM FULL", [
    "plain VACUUM, which blocks nobody: space within the table is used again",
    `${tool}, which copy the table while it is used`,
  ]);
}

function refusal(title: string, what: string, instead: readonly string[]): Refusal {
  return {
    title,
    refused: {
      why: `the whole table and its indexes are written again (${what}) while nobody can read or write it. Measured: 2 to 7 s for each million rows of 100 bytes`,
      instead: [
        ...instead,
        "in a maintenance window: SELECT pg_total_relation_size(…) tells how much is written",
      ],
    },
  };
}

function isThere(relation: WrittenName | undefined, input: OperationInput): boolean {
  if (relation === undefined) return true;
  const table = named(input.before.tables, relation, input.searchPath);
  return table !== undefined && input.existed(table);
}

function isFull(options: readonly unknown[] | undefined): boolean {
  return (options ?? []).some(
    (option) =>
      (option as { DefElem?: { defname?: string } }).DefElem?.defname?.toLowerCase() === "full",
  );
}
