import { quoteQualified } from "../../sql/index.ts";
import { named, sqlName, tableChange, type WrittenName } from "../lookup.ts";
import { outside } from "../model.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

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
 * Statements that write a table again without changing what it is: none of them lets anybody read or write meanwhile.
 * `REINDEX` does, when it is concurrent.
 */
export function moveStorage(input: OperationInput): Recognised | Refusal | undefined {
  const { statement, before, existed, searchPath } = input;
  const { node } = statement;
  const change = tableChange(node, before, searchPath);
  const move = moves[change?.command.subtype ?? ""];
  if (change !== undefined && move !== undefined)
    return existed(change.table)
      ? refusal(`${move.what} of ${sqlName(change.table)}`, move.what, [move.instead])
      : undefined;
  if ("ReindexStmt" in node) return reindexed(input, node.ReindexStmt);
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
      why: `${what} writes the whole table and its indexes again while nobody can read or write it. Measured: 2 to 7 s for each million rows of 100 bytes`,
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

interface Reindex {
  readonly kind?: string | undefined;
  readonly relation?: WrittenName | undefined;
}

/** Of one index or table; of a schema or the database it stays what a person runs. */
function reindexed(
  { before, searchPath }: OperationInput,
  { kind, relation }: Reindex,
): Recognised | undefined {
  if (relation === undefined) return undefined;
  const { schemaname, relname = "" } = relation;
  const schemas = schemaname === undefined ? searchPath : [schemaname];
  const tables = Object.values(before.tables);
  const schema = schemas.find((one) =>
    tables.some(
      (table) =>
        table.schema === one &&
        (kind === "REINDEX_OBJECT_INDEX"
          ? table.indexes.some(({ name }) => name === relname)
          : table.name === relname),
    ),
  );
  if (schema === undefined) return undefined;
  const word = kind === "REINDEX_OBJECT_INDEX" ? "INDEX" : "TABLE";
  const name = quoteQualified(schema, relname);
  const title = `reindex ${name}`;
  return {
    title,
    planned: { expand: [outside(title, `REINDEX ${word} CONCURRENTLY ${name}`)] },
  };
}
