import type { FilledRows, PlannedOperation, Step } from "./model.ts";

/**
 * The steps of an operation that come after the fills, where a fill takes no row that an earlier one of the same table has
 * not been through: what the old release writes between the two would be taken as it was before the first, which no row is
 * that the migration as written gets there. Such a row is left alone by both, as one is that is written behind them.
 *
 * @param earlier operations of the statements in front of it
 */
export function settleBehind(
  { settle = [], rows }: PlannedOperation,
  earlier: readonly PlannedOperation[],
): readonly Step[] {
  if (rows === undefined) return settle;
  const untaken = earlier.flatMap((one, n) => {
    const before = one.rows;
    if (before?.left === undefined || !meets(before, rows)) return [];
    const isUndone = earlier.slice(n + 1).some((other) => mayUndo(other, before));
    return isUndone ? [] : [`(${before.left}) IS NOT TRUE`];
  });
  if (untaken.length === 0) return settle;
  return settle.map((step) =>
    step.kind === "fill"
      ? { ...step, todo: [`(${step.todo})`, ...new Set(untaken)].join(" AND ") }
      : step,
  );
}

/** Whether the later one looks at what the earlier one writes. */
function meets(earlier: FilledRows, later: FilledRows): boolean {
  return isSameTable(earlier, later) && overlap(earlier.writes, later.reads);
}

/** Whether rows that are done may look afterwards as if they were not. */
function mayUndo({ rows, settle = [] }: PlannedOperation, earlier: FilledRows): boolean {
  if (rows === undefined)
    return settle.some((step) => step.kind === "fill" && isSameTable(step, earlier));
  return (
    isSameTable(rows, earlier) &&
    (overlap(rows.writes, earlier.reads) || overlap(rows.writes, earlier.writes))
  );
}

function isSameTable(
  { table: one }: Pick<FilledRows, "table">,
  { table: other }: Pick<FilledRows, "table">,
): boolean {
  return one.schema === other.schema && one.name === other.name;
}

function overlap(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return [...one].some((name) => other.has(name));
}
