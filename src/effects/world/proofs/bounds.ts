import type { Node, PartitionBoundSpec } from "@pgsql/types";
import { constantText } from "../nodes.ts";

/** Text of a constant, cast or not. */
export function literal(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined;
  return "TypeCast" in node ? literal(node.TypeCast.arg) : constantText(node);
}

/** The first limit of a range, when it is a constant. */
export function limit(datums: readonly Node[] | undefined): string | undefined {
  return literal(datums?.[0]);
}

/** MINVALUE or MAXVALUE, which the parser takes for the name of a column. */
export function isUnlimited(datums: readonly Node[] | undefined): boolean {
  const [first] = datums ?? [];
  return first !== undefined && "ColumnRef" in first;
}

/** Numbers by value; dates and times, which are written the ISO way, as text. */
export function order(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  return a < b ? -1 : Number(a > b);
}

/** True when two bounds of one table share a row, as far as their constants tell (partbounds.c, check_new_partition_bound). */
export function overlaps(
  strategy: "range" | "list" | "hash",
  a: PartitionBoundSpec,
  b: PartitionBoundSpec,
): boolean {
  if (a.is_default === true || b.is_default === true) return false;
  if (strategy === "list") {
    const theirs = new Set((b.listdatums ?? []).map(literal));
    return (a.listdatums ?? []).some((node) => theirs.has(literal(node)));
  }
  if (strategy === "hash") {
    const [small, large] = (a.modulus ?? 1) < (b.modulus ?? 1) ? [a, b] : [b, a];
    return (large.remainder ?? 0) % (small.modulus ?? 1) === (small.remainder ?? 0);
  }
  const isSingle = [a, b].every(({ lowerdatums }) => lowerdatums?.length === 1);
  return (
    isSingle &&
    startsBefore(a.lowerdatums, b.upperdatums) &&
    startsBefore(b.lowerdatums, a.upperdatums)
  );
}

function startsBefore(
  lower: readonly Node[] | undefined,
  upper: readonly Node[] | undefined,
): boolean {
  if (isUnlimited(lower) || isUnlimited(upper)) return true;
  const [from, to] = [limit(lower), limit(upper)];
  return from !== undefined && to !== undefined && order(from, to) < 0;
}

/** PartitionStrategy (parsenodes.h). */
const strategyLetters = { range: "r", list: "l", hash: "h" } as const;

/** Why the bound is none for the strategy (parse_utilcmd.c, transformPartitionBound); undefined when it is one. */
export function misfit(
  strategy: "range" | "list" | "hash",
  bound: PartitionBoundSpec,
): string | undefined {
  if (bound.is_default === true)
    return strategy === "hash"
      ? "a hash-partitioned table may not have a default partition"
      : undefined;
  return bound.strategy === strategyLetters[strategy]
    ? undefined
    : `invalid bound specification for a ${strategy} partition`;
}
