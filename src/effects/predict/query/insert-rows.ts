import type { Node, OnConflictClause, OverridingKind } from "@pgsql/types";
import { sequencesOf, type Relation, type WorldColumn } from "../../world/index.ts";
import { walk } from "../../world/expressions.ts";
import { rangeName } from "../../world/nodes.ts";
import { domainDefault } from "../alter-table/conversion.ts";
import { partitionRole } from "../names.ts";
import { refuseDeferrableArbiters } from "./arbiters.ts";
import { callFunction } from "./call-function.ts";
import { literal, type Comparison } from "./conditions.ts";
import type { QueryContext } from "./context.ts";
import { partitionsFor } from "./pruning.ts";
import { checkParents, fireTriggers, lockParents } from "./row-triggers.ts";

export interface InsertOptions {
  readonly command: "insert" | "merge" | "copy";
  /** See `isBounded`. */
  readonly bounded: boolean;
  /** Columns that the statement gives values for. */
  readonly columns: ReadonlySet<string>;
  /** VALUES or a query; undefined for DEFAULT VALUES, COPY and MERGE. */
  readonly source: Node | undefined;
  readonly overriding: OverridingKind | undefined;
  readonly conflict?: OnConflictClause | undefined;
}

/** The columns that get values: those named, else the first ones, as many as the source has. */
export function insertedColumns(
  table: Relation,
  named: readonly string[],
  source: Node | undefined,
): ReadonlySet<string> {
  if (named.length > 0) return new Set(named);
  if (source === undefined || !("SelectStmt" in source)) return new Set();
  const [row] = source.SelectStmt.valuesLists ?? [];
  const width = row !== undefined && "List" in row ? (row.List.items ?? []).length : undefined;
  return new Set(table.columns.slice(0, width).map(({ name }) => name));
}

/**
 * What writing new rows does beyond the lock on the table: sequences of defaults, the partitions that the rows go to,
 * parents whose keys are checked, triggers. Indexes are opened and closed again: no lock on them is kept
 * (execIndexing.c, ExecCloseIndices).
 */
export function insertRows(context: QueryContext, table: Relation, options: InsertOptions): void {
  const { draft } = context;
  for (const column of table.columns) useDefault(context, table, column, options);
  lockParents(context, table);
  const rows = constantRows(table, options);
  refuseGenerated(context, table, options);
  refuseNulls(context, table, options, rows);
  const checked = table.columns
    .map(({ name }) => name)
    .filter((name) => isGiven(table, name, options, rows));
  const below = leaves(context, table, rows);
  const isWritten = below.length === 1 && hasRows(options, rows);
  for (const leaf of below) {
    if (options.conflict !== undefined)
      refuseDeferrableArbiters(
        context,
        table,
        leaf,
        options.conflict,
        isWritten && table.triggers.length === 0 && leaf.triggers.length === 0,
      );
    if (leaf.id !== table.id) draft.lock(leaf, "RowExclusive", partitionRole(leaf));
    draft.change(leaf, options.command, options.bounded);
    checkParents(context, leaf, checked);
    fireTriggers(context, leaf, "insert");
  }
  if (table.kind === "partitioned table") fireTriggers(context, table, "insert");
}

function useDefault(
  context: QueryContext,
  table: Relation,
  column: WorldColumn,
  { columns, overriding }: InsertOptions,
): void {
  const { draft } = context;
  const userValuesIgnored = overriding === "OVERRIDING_USER_VALUE" && column.identity !== undefined;
  if (columns.has(column.name) && !userValuesIgnored) return;
  if (column.identity !== undefined) {
    for (const sequence of sequencesOf(draft.world, table.id))
      if (sequence.ownedBy?.column === column.name)
        draft.lock(sequence, "RowExclusive", "sequence");
    return;
  }
  walk(column.default, (node) => {
    if ("FuncCall" in node) callFunction(context, node.FuncCall);
  });
}

/** A generated column, or an identity column that is always generated, takes DEFAULT only (rewriteHandler.c, rewriteTargetListIU). */
function refuseGenerated(
  { draft }: QueryContext,
  table: Relation,
  { columns, source, overriding }: InsertOptions,
): void {
  if (source === undefined || !("SelectStmt" in source)) return;
  const { valuesLists, targetList, fromClause } = source.SelectStmt;
  const isDefault = (at: number) =>
    (valuesLists ?? []).every((list) => {
      const item = "List" in list ? list.List.items?.[at] : undefined;
      return item !== undefined && "SetToDefault" in item;
    });
  // How many columns a star stands for is told for one table only.
  const isStar = (targetList ?? []).some(
    (node) => "ResTarget" in node && hasStar(node.ResTarget.val),
  );
  const [from] = fromClause ?? [];
  const range =
    from !== undefined && "RangeVar" in from ? draft.find(rangeName(from.RangeVar)) : undefined;
  if (isStar && (fromClause?.length !== 1 || targetList?.length !== 1 || range === undefined))
    return;
  const width = isStar ? range!.columns.length : (targetList?.length ?? columns.size);
  for (const [at, name] of [...columns].slice(0, width).entries()) {
    const column = table.columns.find((own) => own.name === name);
    const isAlways = column?.identity === "always" && !overrides.has(overriding);
    if (column === undefined || (column.generated === undefined && !isAlways)) continue;
    if (valuesLists !== undefined && isDefault(at)) continue;
    draft.fail("always", "428C9", `cannot insert a non-DEFAULT value into column "${name}"`);
  }
}

const overrides: ReadonlySet<OverridingKind | undefined> = new Set([
  "OVERRIDING_SYSTEM_VALUE",
  "OVERRIDING_USER_VALUE",
]);

function hasStar(node: Node | undefined): boolean {
  return (
    node !== undefined &&
    "ColumnRef" in node &&
    (node.ColumnRef.fields ?? []).some((each) => "A_Star" in each)
  );
}

/** A column that must not be null and gets no value, or NULL itself: certain to fail for rows that the text holds. */
function refuseNulls(
  { draft }: QueryContext,
  table: Relation,
  options: InsertOptions,
  rows: ConstantRows,
): void {
  const { columns } = options;
  for (const column of table.columns) {
    const { name, notNull, identity, generated } = column;
    if (!notNull || identity !== undefined || generated !== undefined) continue;
    const hasDefault =
      column.default !== undefined || domainDefault(draft.world, column.type) !== undefined;
    const missing = columns.size > 0 && !columns.has(name) && !hasDefault;
    const given = rows?.some((row) => isNull(row.get(name))) === true;
    if (!missing && !given) continue;
    // A trigger may still fill it in, and a query may give no row.
    const certain = rows !== undefined && hasRows(options, rows) && table.triggers.length === 0;
    draft.fail(certain ? "always" : "on-rows", "23502", nullIn(name, table.name), table);
  }
}

export function nullIn(column: string, table: string): string {
  return `null value in column "${column}" of relation "${table}" violates not-null constraint`;
}

/** The rows of VALUES as texts by column; undefined when they come from a query. */
type ConstantRows = readonly ReadonlyMap<string, Node>[] | undefined;

function constantRows(table: Relation, { columns, source }: InsertOptions): ConstantRows {
  if (source === undefined || !("SelectStmt" in source)) return undefined;
  const { valuesLists, targetList, fromClause } = source.SelectStmt;
  const names = [...columns];
  const rowOf = (items: readonly Node[]) =>
    new Map(items.flatMap((item, at): [string, Node][] => (names[at] ? [[names[at], item]] : [])));
  if (valuesLists !== undefined)
    return valuesLists.flatMap((list) => ("List" in list ? [rowOf(list.List.items ?? [])] : []));
  if (fromClause !== undefined || targetList === undefined) return undefined;
  return [
    rowOf(
      targetList.flatMap((node) =>
        "ResTarget" in node && node.ResTarget.val !== undefined ? [node.ResTarget.val] : [],
      ),
    ),
  ];
}

/** True when there is a row for certain: of VALUES, DEFAULT VALUES, or a SELECT that nothing is taken from. */
function hasRows({ command, source }: InsertOptions, rows: ConstantRows): boolean {
  if (source === undefined) return command === "insert";
  if (rows === undefined || !("SelectStmt" in source)) return false;
  const { whereClause, havingClause, groupClause, limitCount, limitOffset } = source.SelectStmt;
  return [whereClause, havingClause, groupClause, limitCount, limitOffset].every(
    (clause) => clause === undefined,
  );
}

/** True when a column can get another value than NULL, so that what depends on it is looked at. */
function isGiven(
  table: Relation,
  column: string,
  { columns, source }: InsertOptions,
  rows: ConstantRows,
): boolean {
  const found = table.columns.find(({ name }) => name === column);
  if (!columns.has(column))
    return source === undefined && columns.size === 0
      ? found?.default !== undefined
      : found?.default !== undefined || found?.identity !== undefined;
  return rows?.every((row) => isNull(row.get(column))) !== true;
}

export function isNull(node: Node | undefined): boolean {
  if (node === undefined) return false;
  if ("TypeCast" in node) return isNull(node.TypeCast.arg);
  return "A_Const" in node && node.A_Const.isnull === true;
}

/** The partitions at the bottom that the rows go to, with those between; the table itself when it is not partitioned. */
function leaves(context: QueryContext, table: Relation, rows: ConstantRows): readonly Relation[] {
  if (table.kind !== "partitioned table") return [table];
  const { draft } = context;
  const [key] = table.partitioning?.columns ?? [];
  const values = rows?.map((row) => (key === undefined ? undefined : literal(row.get(key))));
  const known = values !== undefined && key !== undefined && !values.includes(undefined);
  const comparison: Comparison | undefined = known
    ? { column: key, qualifier: undefined, operator: "=", values: values as string[] }
    : undefined;
  const next = partitionsFor(draft.world, table, comparison === undefined ? [] : [comparison]);
  if (next.length === 0)
    draft.fail("on-rows", "23514", `no partition of relation "${table.name}" found for row`, table);
  return next.flatMap((partition) => {
    if (partition.kind !== "partitioned table") return [partition];
    draft.lock(partition, "RowExclusive", partitionRole(partition));
    return leaves(context, partition, rows);
  });
}
