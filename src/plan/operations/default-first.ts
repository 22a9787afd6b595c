import { walk } from "../../effects/index.ts";
import { parseLoaded } from "../../sql/index.ts";
import { columnIn, tableChange, tableIn } from "../lookup.ts";
import type { TableName } from "../model.ts";
import { asksOnlyForNull, isValue, valuesGiven } from "./change-rows/index.ts";
import type { OperationInput } from "./operation.ts";

/**
 * True when a new default comes before the rows are changed that an UPDATE in front of it changes. Behind them, a row
 * that the old release inserts in between has neither the value of the one nor of the other. A fill that takes rows by
 * what is in the column would take those that have the default: then it stays where it is.
 *
 * @param input of `SET DEFAULT`
 */
export function comesFirst(input: OperationInput, table: TableName, column: string): boolean {
  const { before, after, preceding } = input;
  const given = valuesGiven(preceding, input, table, column);
  if (given.length === 0 || !given.every((one) => asksOnlyForNull(one, column))) return false;
  const [was, is] = [before, after].map((catalog) => tableIn(catalog, table));
  const [had, has] = [was && columnIn(was, column), is && columnIn(is, column)];
  // What the migration makes of the column first comes later than this would.
  const madeWith = preceding.map(({ after: since }) => tableIn(since, table));
  const types = [had, ...madeWith.map((one) => one && columnIn(one, column))];
  const isOneType = types.every(
    (one) => one === undefined || JSON.stringify(one.type) === JSON.stringify(has?.type),
  );
  return isOneType && typeof has?.default === "string" && isConstant(has.default);
}

/** True when each row has a value by a default that the migration sets before it changes rows. */
export function isGivenFirst(input: OperationInput, table: TableName, column: string): boolean {
  const all = [...input.preceding, input, ...input.following];
  return all.some((one, n) => {
    const change = tableChange(one.statement.node, one.before, input.searchPath);
    if (change?.command.subtype !== "AT_ColumnDefault" || change.command.name !== column)
      return false;
    if (change.table.schema !== table.schema || change.table.name !== table.name) return false;
    const made = tableIn(one.after, table);
    const value = made && columnIn(made, column)?.default;
    const last = tableIn(input.goal, table);
    if (value == null || value !== (last && columnIn(last, column)?.default)) return false;
    const preceding = all.slice(0, n);
    const isBehind = valuesGiven(preceding, input, table, column).length > 0;
    return (
      isValue(value, made!) &&
      (!isBehind || comesFirst({ ...input, ...one, preceding }, table, column))
    );
  });
}

/** A value that no function of the migration gives, and no sequence. */
function isConstant(value: string): boolean {
  let isCall = false;
  walk(
    parseLoaded(`SELECT ${value}`, "default").map(({ node }) => node),
    (node) => {
      if ("FuncCall" in node) isCall = true;
    },
  );
  return !isCall;
}
