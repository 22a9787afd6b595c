import type { Node, PartitionBoundSpec } from "@pgsql/types";
import type { Partitioning, Relation } from "../../world/index.ts";
import { strings } from "../../world/nodes.ts";
import { isUnlimited, limit, literal, order } from "./bounds.ts";
import { provesNotNull } from "./implied-not-null.ts";

/** A comparison of a column with a constant, as text. */
interface Comparison {
  readonly column: string;
  readonly operator: string;
  readonly value: string;
}

/**
 * True when the valid CHECK and NOT NULL constraints of a table prove that all its rows belong into the bound, so that
 * ATTACH PARTITION does not read them (tablecmds.c, ConstraintImpliedByRelConstraint; partbounds.c, get_qual_from_partbound).
 */
export function provesBound(
  table: Relation,
  partitioning: Partitioning,
  bound: PartitionBoundSpec,
): boolean {
  const [key] = partitioning.columns;
  if (key === undefined || partitioning.columns.length !== 1 || partitioning.expressions.length > 0)
    return false;
  const known = checksOf(table);
  if (bound.strategy === "r") return isNotNull(table, key) && provesRange(known, key, bound);
  if (bound.strategy === "l") return provesList(table, known, key, bound);
  return false;
}

/** True when the constraints of a default partition prove that none of its rows belongs into the bound of a new one. */
export function provesOutside(
  table: Relation,
  partitioning: Partitioning,
  bound: PartitionBoundSpec,
): boolean {
  const [key] = partitioning.columns;
  if (key === undefined || partitioning.columns.length !== 1 || partitioning.expressions.length > 0)
    return false;
  const known = checksOf(table);
  if (bound.strategy === "l") {
    const values = (bound.listdatums ?? []).map(literal);
    return values.every(
      (value) => value !== undefined && known.some((node) => excludes(node, key, value)),
    );
  }
  if (bound.strategy !== "r" || !isNotNull(table, key)) return false;
  const [lower, upper] = [limit(bound.lowerdatums), limit(bound.upperdatums)];
  return comparisonsOf(known).some(
    ({ column, operator, value }) =>
      column === key &&
      ((lower !== undefined && below(operator, value, lower)) ||
        (upper !== undefined && operator.startsWith(">") && order(value, upper) >= 0)),
  );
}

function below(operator: string, value: string, lower: string): boolean {
  const compared = order(value, lower);
  return (operator === "<" && compared <= 0) || (operator === "<=" && compared < 0);
}

function isNotNull(table: Relation, key: string): boolean {
  const column = table.columns.find(({ name }) => name === key);
  return column?.notNull === true || provesNotNull(table.constraints, key);
}

/** The parts of all valid CHECKs that hold together. */
function checksOf({ constraints }: Relation): Node[] {
  return constraints.flatMap((constraint) =>
    constraint.kind === "check" && constraint.valid ? conjuncts(constraint.expression) : [],
  );
}

function conjuncts(node: Node): Node[] {
  if ("BoolExpr" in node && node.BoolExpr.boolop === "AND_EXPR")
    return (node.BoolExpr.args ?? []).flatMap(conjuncts);
  return [node];
}

function provesRange(
  known: readonly Node[],
  key: string,
  { lowerdatums, upperdatums }: PartitionBoundSpec,
): boolean {
  const lower = limit(lowerdatums);
  const upper = limit(upperdatums);
  const comparisons = comparisonsOf(known).filter(({ column }) => column === key);
  const above = comparisons.some(
    ({ operator, value }) =>
      lower !== undefined &&
      ((operator === ">=" && order(value, lower) >= 0) ||
        (operator === ">" && order(value, lower) >= 0) ||
        (operator === "=" && order(value, lower) >= 0)),
  );
  const under = comparisons.some(
    ({ operator, value }) =>
      upper !== undefined &&
      ((operator === "<" && order(value, upper) <= 0) ||
        (operator === "<=" && order(value, upper) < 0) ||
        (operator === "=" && order(value, upper) < 0)),
  );
  return (isUnlimited(lowerdatums) || above) && (isUnlimited(upperdatums) || under);
}

function provesList(
  table: Relation,
  known: readonly Node[],
  key: string,
  { listdatums = [] }: PartitionBoundSpec,
): boolean {
  const values = new Set(listdatums.map(literal));
  const hasNull = listdatums.some((node) => "A_Const" in node && node.A_Const.isnull === true);
  if (!hasNull && !isNotNull(table, key)) return false;
  return known.some((node) => {
    const allowed = allowedValues(node, key);
    return allowed?.every((value) => values.has(value)) ?? false;
  });
}

/** Values that `key = x` or `key IN (…)` leaves over. */
function allowedValues(node: Node, key: string): string[] | undefined {
  if (!("A_Expr" in node)) return undefined;
  const { kind, lexpr, rexpr, name } = node.A_Expr;
  if (columnName(lexpr) !== key || strings(name).at(-1) !== "=") return undefined;
  const items =
    kind === "AEXPR_IN" && rexpr !== undefined && "List" in rexpr
      ? (rexpr.List.items ?? [])
      : kind === "AEXPR_OP" && rexpr !== undefined
        ? [rexpr]
        : arrayItems(rexpr);
  const values = items?.map(literal);
  return values?.every((value) => value !== undefined) ? values : undefined;
}

/** `= ANY (ARRAY[…])`, as the server shows an IN. */
function arrayItems(node: Node | undefined): readonly Node[] | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return arrayItems(node.TypeCast.arg);
  return "A_ArrayExpr" in node ? (node.A_ArrayExpr.elements ?? []) : undefined;
}

/** True when the condition cannot hold for this value of the key: `key <> x`, or an IN without it. */
function excludes(node: Node, key: string, value: string): boolean {
  if ("A_Expr" in node) {
    const { lexpr, rexpr, name } = node.A_Expr;
    if (columnName(lexpr) === key && strings(name).at(-1) === "<>") {
      const items =
        rexpr !== undefined && "List" in rexpr ? (rexpr.List.items ?? []) : rexpr && [rexpr];
      if (items?.some((item) => literal(item) === value)) return true;
    }
  }
  const allowed = allowedValues(node, key);
  return allowed !== undefined && !allowed.includes(value);
}

const mirrored: Readonly<Record<string, string>> = {
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
  "=": "=",
};

function comparisonsOf(nodes: readonly Node[]): Comparison[] {
  return nodes.flatMap((node) => {
    if (!("A_Expr" in node) || node.A_Expr.kind !== "AEXPR_OP") return [];
    const { lexpr, rexpr, name } = node.A_Expr;
    const operator = strings(name).at(-1) ?? "";
    if (!(operator in mirrored)) return [];
    const [left, right] = [columnName(lexpr), columnName(rexpr)];
    const [onLeft, onRight] = [literal(rexpr), literal(lexpr)];
    if (left !== undefined && onLeft !== undefined)
      return [{ column: left, operator, value: onLeft }];
    if (right !== undefined && onRight !== undefined)
      return [{ column: right, operator: mirrored[operator]!, value: onRight }];
    return [];
  });
}

function columnName(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  if ("TypeCast" in node) return columnName(node.TypeCast.arg);
  return "ColumnRef" in node ? strings(node.ColumnRef.fields).at(-1) : undefined;
}
