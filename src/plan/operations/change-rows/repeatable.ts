import type { Table } from "../../../catalog/index.ts";
import { createWorld, volatilityOf, walk } from "../../../effects/index.ts";
import type { ParseNode } from "../../../sql/index.ts";
import { columnIn } from "../../lookup.ts";

/** Functions that give the same whenever they are asked within a transaction, and something else in the next one. */
const ofTheMoment: ReadonlySet<string> = new Set([
  "age",
  "current_setting",
  "now",
  "statement_timestamp",
  "transaction_timestamp",
]);

/** True when an expression over a row gives the same in each batch and whenever it is repeated. */
export function isSteady(tree: ParseNode, major: number, searchPath: readonly string[]): boolean {
  let isOfMoment = false;
  walk(tree, (node) => {
    if ("SQLValueFunction" in node) isOfMoment = true;
    if ("FuncCall" in node && ofTheMoment.has(functionName(node))) isOfMoment = true;
  });
  if (isOfMoment) return false;
  const volatility = volatilityOf(tree, createWorld({ major, complete: true }), searchPath);
  return volatility === "immutable" || volatility === "stable";
}

type Call = Extract<ParseNode, { FuncCall: unknown }>;

function functionName({ FuncCall: { funcname = [] } }: Call): string {
  const last = funcname.at(-1);
  return last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
}

/** Functions of Postgres' own that change nothing more when they are applied to what they gave. */
const idempotent: ReadonlySet<string> = new Set([
  "abs",
  "btrim",
  "ceil",
  "ceiling",
  "floor",
  "initcap",
  "lower",
  "ltrim",
  "round",
  "rtrim",
  "trunc",
  "upper",
]);

/** True for `f(column)` and `coalesce(column, …)` where a second time gives what the first gave. */
export function isIdempotentOver(
  tree: ParseNode,
  column: string,
  changed: ReadonlySet<string>,
): boolean {
  if ("FuncCall" in tree) {
    const { args = [] } = tree.FuncCall;
    return (
      (idempotent.has(functionName(tree)) || isSetByKey(tree)) &&
      args.length > 0 &&
      isColumn(args[0], column) &&
      !args.slice(1).some((arg) => reads(arg, changed))
    );
  }
  if (!("CoalesceExpr" in tree)) return false;
  const [first, ...others] = tree.CoalesceExpr.args ?? [];
  return isColumn(first, column) && !others.some((other) => reads(other, changed));
}

/**
 * `jsonb_set` with a constant path that ends with a key: a number behind the end of an array appends to it each time
 * (manual 9.16).
 */
function isSetByKey(call: Call): boolean {
  const path = call.FuncCall.args?.[1];
  if (functionName(call) !== "jsonb_set" || path === undefined || !("A_Const" in path))
    return false;
  return /^\{(?:\w+,)*[A-Za-z_]\w*\}$/.test(path.A_Const.sval?.sval ?? "");
}

function isColumn(node: ParseNode | undefined, column: string): boolean {
  return node !== undefined && "ColumnRef" in node && columnName(node) === column;
}

function columnName({ ColumnRef: { fields = [] } }: Extract<ParseNode, { ColumnRef: unknown }>) {
  const last = fields.at(-1);
  return last !== undefined && "String" in last ? (last.String.sval ?? "") : "";
}

function reads(tree: ParseNode, columns: ReadonlySet<string>): boolean {
  let found = false;
  walk(tree, (node) => {
    if ("ColumnRef" in node && columns.has(columnName(node))) found = true;
  });
  return found;
}

const neverNull: ReadonlySet<string> = new Set([
  "clock_timestamp",
  "gen_random_uuid",
  "nextval",
  "now",
  "random",
  "statement_timestamp",
  "transaction_timestamp",
  "uuidv4",
  "uuidv7",
]);

/** True when an expression cannot be NULL, whatever the row holds; false where that is not plain to see. */
export function isNeverNull(tree: ParseNode, table: Table): boolean {
  if ("A_Const" in tree) return tree.A_Const.isnull !== true;
  if ("SQLValueFunction" in tree || "NullTest" in tree) return true;
  if ("TypeCast" in tree) return isNeverNull(tree.TypeCast.arg!, table);
  if ("ColumnRef" in tree) return columnIn(table, columnName(tree))?.notNull?.valid === true;
  if ("CoalesceExpr" in tree)
    return (tree.CoalesceExpr.args ?? []).some((arg) => isNeverNull(arg, table));
  return "FuncCall" in tree && neverNull.has(functionName(tree));
}
