import { qualifiedName, type Column, type Table } from "../../../catalog/index.ts";
import { columnsIn } from "../../../effects/index.ts";
import { quoteIdent, type ParseNode } from "../../../sql/index.ts";
import { fillObstacle } from "../../fillable.ts";
import { columnIn, isRequired, sqlName, tableIn } from "../../lookup.ts";
import { firstMention } from "../../mentions.ts";
import { columnsOf } from "../../naming.ts";
import { isSteady } from "../change-rows/repeatable.ts";
import type { OperationInput } from "../operation.ts";
import type { Copy } from "./copy.ts";
import type { MoveGroup } from "./group.ts";
import type { Move } from "./move.ts";

/** Why columns cannot be kept in step in two tables; undefined when they can. */
export function moveObstacle(
  input: OperationInput,
  group: MoveGroup,
  move: Move,
): string | undefined {
  return (
    inTables(input, group, move) ??
    inColumns(group, move) ??
    inKeys(group, move) ??
    inCondition(input, group, move) ??
    inRest(input, group, move)
  );
}

function inTables(
  { start, before, major }: OperationInput,
  { from, to }: MoveGroup,
  { key, columns }: Move,
): string | undefined {
  const name = sqlName(from);
  const first = tableIn(start, from);
  const isAsAtStart = [...key, ...columns].every((pair) => {
    const { position: _was, ...was } = { position: 0, ...(first && columnIn(first, pair.from)) };
    const { position: _is, ...is } = columnIn(from, pair.from)!;
    return JSON.stringify(was) === JSON.stringify(is);
  });
  if (!isAsAtStart) return `the same migration changes columns of ${name} before they move`;
  for (const table of [from, to])
    if (table.kind !== "table" || table.inherits.length > 0)
      return `${sqlName(table)} is partitioned or inherits, so that a row can change its table`;
  if (hasChildren(before.tables, from)) return `tables inherit from ${name}`;
  for (const table of [from, to])
    if (table.forceRowSecurity)
      return `row security of ${sqlName(table)} is forced on its owner, with whose rights the triggers run`;
  if (to.rowSecurity && major < 15)
    return `${sqlName(to)} has row security, which a view of Postgres ${major} goes around`;
  return fillObstacle(start, from)?.why;
}

function hasChildren(tables: Readonly<Record<string, Table>>, { schema, name }: Table): boolean {
  const own = qualifiedName(schema, name);
  return Object.values(tables).some(({ inherits }) => inherits.includes(own));
}

function inColumns({ from, to }: MoveGroup, { key, columns }: Move): string | undefined {
  for (const pair of [...key, ...columns]) {
    const [one, other] = [columnIn(from, pair.from)!, columnIn(to, pair.to)!];
    if (one.type.text !== other.type.text || one.collation !== other.collation)
      return `${quoteIdent(pair.to)} of ${sqlName(to)} is ${other.type.text}, and ${quoteIdent(pair.from)} of ${sqlName(from)} is ${one.type.text}`;
    if (isComputed(one) || isComputed(other))
      return `${quoteIdent(pair.from)} is computed, or numbered by itself`;
  }
  for (const { from: name } of columns) {
    const { nullable, default: value } = columnIn(from, name)!;
    if (!nullable || value !== null)
      return `${quoteIdent(name)} of ${sqlName(from)} ${nullable ? "has a default" : "is NOT NULL"}: the old release would need another sign than NULL that a row has nothing in ${sqlName(to)}`;
  }
  const given = new Set([...key, ...columns].map((pair) => pair.to));
  const needed = to.columns.find((column) => isRequired(column) && !given.has(column.name));
  return needed === undefined
    ? undefined
    : `nothing makes a value for ${quoteIdent(needed.name)} of ${sqlName(to)} when the old release writes`;
}

/** Identity is no hindrance in a key that the old release's table has. */
function isComputed({ generated }: Column): boolean {
  return generated !== null;
}

function inKeys({ from, to }: MoveGroup, { key, columns }: Move): string | undefined {
  const news = new Set(columns.map((one) => one.to));
  const own = new Set(key.map((one) => one.to));
  for (const { unique, keys, constraint, name } of to.indexes) {
    if (!unique) continue;
    const isKey = keys.length === own.size && keys.every(({ column }) => own.has(column ?? ""));
    if (!isKey)
      return `${quoteIdent(constraint ?? name)} of ${sqlName(to)} is unique over other columns than those that refer to ${sqlName(from)}: writers of both releases would wait for each other in two orders, and rows that are numbered as they are copied get other numbers in batches`;
  }
  const olds = new Set(columns.map((one) => one.from));
  const unique = from.indexes.find(
    (index) => index.unique && columnsOf(index).some((name) => olds.has(name)),
  );
  if (unique !== undefined)
    return `${quoteIdent(unique.name)} of ${sqlName(from)} is unique over a column that moves: writers of both releases would wait for each other in two orders`;
  for (const one of to.constraints) {
    if (one.kind === "check" || one.kind === "exclusion")
      return `${quoteIdent(one.name)} of ${sqlName(to)} would refuse what the old release may write`;
    if (one.kind === "foreign-key" && one.columns.some((name) => news.has(name)))
      return `the foreign key ${quoteIdent(one.name)} of ${sqlName(to)} would refuse what the old release may write`;
  }
  return undefined;
}

function inCondition(
  { major, searchPath }: OperationInput,
  { to }: MoveGroup,
  { copy, columns }: Move,
): string | undefined {
  const { where } = copy;
  const names = columns.map((one) => quoteIdent(one.from));
  if (where === undefined)
    return `a row that is inserted without ${names.join(", ")} has one in ${sqlName(to)} when the old release inserts it and none when the new one does, and nothing tells who did`;
  const moved = new Set(columns.map((one) => one.from));
  const foreign = columnsIn(where.tree).find((name) => !moved.has(name));
  if (foreign !== undefined)
    return `which rows it copies depends on ${quoteIdent(foreign)}, which both releases write`;
  if (!isSteady(where.tree, major, searchPath))
    return "which rows it copies depends on the moment, or on a function whose results are not known to stay the same";
  if (!isEmptyWithNulls(where.tree))
    return `its WHERE may take rows in which ${names.join(", ")} are NULL`;
  const given = requiredBy(where.tree);
  const needed = columns.find((one) => !one.nullable && !given.has(one.from));
  return needed === undefined
    ? undefined
    : `${quoteIdent(needed.to)} of ${sqlName(to)} is NOT NULL and the copy's WHERE does not say that ${quoteIdent(needed.from)} is`;
}

/** True when a condition is plainly not true for a row whose columns are all NULL. */
function isEmptyWithNulls(tree: ParseNode): boolean {
  if ("NullTest" in tree) return tree.NullTest.nulltesttype === "IS_NOT_NULL";
  if ("BoolExpr" in tree) {
    const { boolop, args = [] } = tree.BoolExpr;
    if (boolop === "AND_EXPR") return args.some(isEmptyWithNulls);
    return boolop === "OR_EXPR" && args.every(isEmptyWithNulls);
  }
  // Operators of Postgres' own give NULL for NULL (pg_proc.proisstrict), but for IS DISTINCT FROM, which is none.
  if (!("A_Expr" in tree) || tree.A_Expr.kind !== "AEXPR_OP") return false;
  const { lexpr, rexpr } = tree.A_Expr;
  return [lexpr, rexpr].some((side) => side !== undefined && "ColumnRef" in side);
}

/** Columns that a condition requires not to be NULL, in its outermost AND. */
function requiredBy(tree: ParseNode): ReadonlySet<string> {
  if ("BoolExpr" in tree && tree.BoolExpr.boolop === "AND_EXPR")
    return new Set((tree.BoolExpr.args ?? []).flatMap((arg) => [...requiredBy(arg)]));
  const isRequired = "NullTest" in tree && tree.NullTest.nulltesttype === "IS_NOT_NULL";
  return new Set(isRequired ? columnsIn(tree) : []);
}

function inRest(
  { goal, following }: OperationInput,
  { from, to, size }: MoveGroup,
  { key }: Move,
): string | undefined {
  const mention = firstMention(following.slice(size - 1), to.name);
  if (mention !== undefined)
    return `a later statement of the same migration (line ${mention.line}) names ${quoteIdent(to.name)}, which is a view until the contract phase`;
  const end = tableIn(goal, from);
  const isSame = ({ from: name }: Copy["columns"][number]) =>
    end !== undefined && columnIn(end, name)?.type.text === columnIn(from, name)?.type.text;
  return key.every(isSame)
    ? undefined
    : `the same migration changes the key of ${sqlName(from)} that ${sqlName(to)} refers to`;
}
