import type { Node, PartitionBoundSpec } from "@pgsql/types";
import { byId, partitionsOf } from "../lookup.ts";
import type { Partitioning, Relation, World } from "../model.ts";
import { strings } from "../nodes.ts";
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

/**
 * True when the valid CHECKs of a default partition prove that none of its rows belongs into the bound of a new one, so that
 * neither ATTACH PARTITION nor CREATE TABLE … PARTITION OF reads them (partbounds.c, check_default_partition_contents).
 * A null key belongs to the default partition, so that the column may be null, unless the bound lists it.
 */
export function provesOutside(
  table: Relation,
  partitioning: Partitioning,
  bound: PartitionBoundSpec,
): boolean {
  const [key] = partitioning.columns;
  if (key === undefined || partitioning.columns.length !== 1 || partitioning.expressions.length > 0)
    return false;
  const alternatives = checksOf(table).map((node) => disjuncts(node, false));
  const proves = (isOutside: (arm: Arm) => boolean) =>
    alternatives.some((arms) => arms.every((arm) => isNullTest(arm, key) || isOutside(arm)));
  if (bound.strategy === "l") {
    const { listdatums = [] } = bound;
    if (listdatums.some(isNullDatum) && !isNotNull(table, key)) return false;
    const values = listdatums.filter((node) => !isNullDatum(node)).map(literal);
    return values.every(
      (value) => value !== undefined && proves((arm) => excludes(arm, key, value)),
    );
  }
  if (bound.strategy !== "r") return false;
  const [lower, upper] = [limit(bound.lowerdatums), limit(bound.upperdatums)];
  return proves(({ node, isNegated }) =>
    comparisonsOf([node]).some(({ column, operator, value }) => {
      const is = isNegated ? negated[operator] : operator;
      if (column !== key || is === undefined) return false;
      return (
        (lower !== undefined && below(is, value, lower)) ||
        (upper !== undefined && is.startsWith(">") && order(value, upper) >= 0)
      );
    }),
  );
}

/**
 * True when DETACH PARTITION … CONCURRENTLY leaves the bounds of all levels behind as a CHECK: the partition's own
 * constraints do not prove them (tablecmds.c, DetachAddConstraintIfNeeded).
 */
export function leavesBoundBehind(world: World, partition: Relation): boolean {
  const parent = partition.partitionOf && byId(world, partition.partitionOf.parent);
  // That of a hash partition cannot stand without the parent.
  if (parent?.partitioning === undefined || parent.partitioning.strategy === "hash") return false;
  return !provesBoundsOf(world, partition, partition);
}

/** True when the constraints of `table` prove the bounds of `partition`, those of all levels. */
export function provesBoundsOf(world: World, table: Relation, partition: Relation): boolean {
  for (let at: Relation | undefined = partition; at?.partitionOf !== undefined;) {
    const above: Relation | undefined = byId(world, at.partitionOf.parent);
    const bound = boundOf(at);
    const key = above?.partitioning;
    if (above === undefined || key === undefined || bound === undefined) return false;
    const { id } = at;
    const others = partitionsOf(world, above.id).filter((other) => other.id !== id);
    const isProven =
      bound.is_default === true
        ? others.every((other) => provesOutside(table, key, boundOf(other) ?? {}))
        : provesBound(table, key, bound);
    if (!isProven) return false;
    at = above;
  }
  return true;
}

function boundOf({ partitionOf }: Relation): PartitionBoundSpec | undefined {
  const node = partitionOf?.bound;
  return node !== undefined && "PartitionBoundSpec" in node ? node.PartitionBoundSpec : undefined;
}

/** One of several conditions of which at least one holds. */
interface Arm {
  readonly node: Node;
  /** True when it is the condition's opposite that may hold. */
  readonly isNegated: boolean;
}

const negated: Readonly<Record<string, string>> = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };

/** A condition as alternatives, with NOT pushed to the leaves as the planner does (prepqual.c, negate_clause). */
function disjuncts(node: Node, isNegated: boolean): readonly Arm[] {
  if (!("BoolExpr" in node)) return [{ node, isNegated }];
  const { boolop, args = [] } = node.BoolExpr;
  if (boolop === "NOT_EXPR") return args.flatMap((arg) => disjuncts(arg, !isNegated));
  const parts = isNegated ? "AND_EXPR" : "OR_EXPR";
  if (boolop !== parts) return [{ node, isNegated }];
  return args.flatMap((arg) => disjuncts(arg, isNegated));
}

function isNullTest({ node, isNegated }: Arm, key: string): boolean {
  if (!("NullTest" in node) || columnName(node.NullTest.arg) !== key) return false;
  return node.NullTest.nulltesttype === (isNegated ? "IS_NOT_NULL" : "IS_NULL");
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
  const hasNull = listdatums.some(isNullDatum);
  if (!hasNull && !isNotNull(table, key)) return false;
  return known.some((node) => {
    const allowed = allowedValues(node, key);
    return allowed?.every((value) => values.has(value)) ?? false;
  });
}

function isNullDatum(node: Node): boolean {
  return "A_Const" in node && node.A_Const.isnull === true;
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

/** True when the condition cannot hold for this value of the key: `key <> x`, `NOT IN` with it, or an IN without it. */
function excludes({ node, isNegated }: Arm, key: string, value: string): boolean {
  if (isNegated) return allowedValues(node, key)?.includes(value) === true;
  if ("A_Expr" in node) {
    const { lexpr, rexpr, name } = node.A_Expr;
    if (columnName(lexpr) === key && strings(name).at(-1) === "<>") {
      const items =
        rexpr !== undefined && "List" in rexpr
          ? (rexpr.List.items ?? [])
          : (arrayItems(rexpr) ?? (rexpr && [rexpr]));
      return items?.some((item) => literal(item) === value) === true;
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
