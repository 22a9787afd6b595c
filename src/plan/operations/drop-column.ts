import type { Column, Table } from "../../catalog/index.ts";
import { quoteIdent } from "../../sql/index.ts";
import { columnIn, sqlName, tableChange, tableIn } from "../lookup.ts";
import { transaction, type PlannedOperation } from "../model.ts";
import { columnsOf } from "../naming.ts";
import { optionalColumn } from "./drop-not-null.ts";
import type { OperationInput, Recognised, Refusal } from "./operation.ts";

/**
 * `DROP COLUMN`: in the contract phase. The new release no longer writes the column, so that one that is required and
 * has no default gets one before it starts, or may be NULL.
 */
export function dropColumn(input: OperationInput): Recognised | Refusal | undefined {
  const { statement, before, start, existed, searchPath } = input;
  const change = tableChange(statement.node, before, searchPath);
  if (change?.command.subtype !== "AT_DropColumn" || !existed(change.table)) return undefined;
  const { table, command, recurses } = change;
  const column = columnIn(table, command.name ?? "");
  const first = tableIn(start, table);
  if (column === undefined || first === undefined) return undefined;
  if (columnIn(first, column.name) === undefined) return undefined;
  const name = `${sqlName(table)}.${quoteIdent(column.name)}`;
  const title = `drop column ${name}`;
  const cascade = command.behavior === "DROP_CASCADE" ? " CASCADE" : "";
  const drop = `ALTER TABLE ${recurses ? "" : "ONLY "}${sqlName(table)} DROP COLUMN IF EXISTS ${quoteIdent(column.name)}${cascade}`;
  const unwritten = unwrittenColumn(input, table, column);
  if (unwritten === undefined)
    return {
      title,
      refused: {
        why: `${name} is part of the primary key and has no default: the new release, which does not know it, could not insert a row as long as the old one needs it`,
        instead: [
          "give the column a default in a migration before this one",
          "or make another primary key first, so that the column may be NULL",
        ],
      },
    };
  return { title, planned: { ...unwritten, narrow: [transaction(title, [drop])] } };
}

/** What lets rows be inserted that do not give the column; undefined when nothing does. */
function unwrittenColumn(
  input: OperationInput,
  table: Table,
  column: Column,
): PlannedOperation | undefined {
  const { nullable, default: given, identity, generated, name } = column;
  if (nullable || given !== null || identity !== null || generated !== null) return {};
  const on = sqlName(table);
  const value = neutralValue(column);
  const isKey = table.constraints.some(
    ({ kind, ...constraint }) =>
      kind === "primary-key" && "columns" in constraint && constraint.columns.includes(name),
  );
  if (isKey && value !== randomKey) return undefined;
  if (value !== undefined && (value === randomKey || !isConstrained(table, name))) {
    const alter = `ALTER TABLE ${on} ALTER COLUMN ${quoteIdent(name)}`;
    const title = `${quoteIdent(name)} of ${on} has a default, for the new release does not give it`;
    return {
      settle: [transaction(title, [`${alter} SET DEFAULT ${value}`], [`${alter} DROP DEFAULT`])],
      notes: [
        `the old release reads ${value} as ${on}.${quoteIdent(name)} in rows that the new one inserts; where it would take that for something real, give the column a default of your own before`,
      ],
    };
  }
  const title = `${quoteIdent(name)} of ${on} may be NULL, for the new release does not give it`;
  return optionalColumn(input, table, name, { title, isOwn: false });
}

/** True when a value that many rows share could be refused. */
function isConstrained(table: Table, column: string): boolean {
  const { constraints, indexes } = table;
  return (
    constraints.some((constraint) => constraint.columns.includes(column)) ||
    indexes.some((index) => index.unique && columnsOf(index).includes(column))
  );
}

const randomKey = "pg_catalog.gen_random_uuid()";

/** A value that says nothing, for a type of Postgres' own that has one. */
function neutralValue({ type }: Column): string | undefined {
  if (type.schema !== "pg_catalog") return undefined;
  return type.array ? "'{}'" : neutralValues.get(type.name);
}

const neutralValues: ReadonlyMap<string, string> = new Map([
  ...["int2", "int4", "int8", "float4", "float8", "numeric", "money"].map(
    (name) => [name, "0"] as const,
  ),
  ...["text", "varchar", "bpchar", "bytea"].map((name) => [name, "''"] as const),
  ...["json", "jsonb"].map((name) => [name, "'{}'"] as const),
  ["bool", "false"],
  ["date", "CURRENT_DATE"],
  ["timestamp", "LOCALTIMESTAMP"],
  ["timestamptz", "CURRENT_TIMESTAMP"],
  ["interval", "'0'"],
  ["uuid", randomKey],
]);
