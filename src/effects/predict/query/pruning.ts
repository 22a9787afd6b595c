import { overlaps } from "../../world/proofs/bounds.ts";
import type { Node, PartitionBoundSpec } from "@pgsql/types";
import { partitionsOf, type Relation, type World } from "../../world/index.ts";
import type { Comparison } from "./conditions.ts";
import { literal } from "./conditions.ts";

/**
 * Partitions that rows satisfying all comparisons can stand in. Only what constants in the text decide is left out, as
 * the planner does: a one-column RANGE or LIST key of an integer, date, timestamp or text type. Other keys leave all.
 */
export function partitionsFor(
  world: World,
  table: Relation,
  comparisons: readonly Comparison[],
): readonly Relation[] {
  const partitions = partitionsOf(world, table.id);
  const key = table.partitioning;
  const [column] = key?.columns ?? [];
  if (key === undefined || column === undefined || key.columns.length > 1) return partitions;
  if (key.expressions.length > 0) return partitions;
  const order = orderOf(table.columns.find(({ name }) => name === column)?.type.name ?? "");
  const relevant = comparisons.filter((item) => item.column === column);
  if (order === undefined || relevant.length === 0) return partitions;
  const kept = partitions.filter((partition) =>
    relevant.every((item) => mayHold(partition, key.strategy, item, order)),
  );
  if (kept.length === partitions.length) return partitions;
  const certain = relevant.some(
    (item) =>
      item.operator === "=" &&
      item.values.every((value) =>
        kept.some(
          (partition) =>
            partition.partitionOf?.isDefault !== true &&
            mayHold(partition, key.strategy, { ...item, values: [value] }, order),
        ),
      ),
  );
  // Every value is at home in a partition of its own: the default one holds none of them.
  return certain ? kept.filter((partition) => partition.partitionOf?.isDefault !== true) : kept;
}

/** Negative, 0 or positive; undefined when the two texts cannot be compared without the server. */
type Order = (a: string, b: string) => number | undefined;

function orderOf(type: string): Order | undefined {
  switch (type) {
    case "int2":
    case "int4":
    case "int8":
    case "numeric":
      return (a, b) => {
        const difference = Number(a) - Number(b);
        return Number.isNaN(difference) ? undefined : difference;
      };
    case "date":
    case "timestamp":
    case "timestamptz":
      return (a, b) => compareTimes(a, b);
    case "text":
    case "varchar":
      // Collation decides the order of texts, but never whether two are equal.
      return (a, b) => (a === b ? 0 : undefined);
    default:
      return undefined;
  }
}

/** ISO dates and timestamps of one zone compare as text does; the bound may have a time where the constant has none. */
function compareTimes(a: string, b: string): number | undefined {
  const [first, second] = [isoTime(a), isoTime(b)];
  if (first === undefined || second === undefined) return undefined;
  return first - second;
}

function isoTime(text: string): number | undefined {
  const iso = text.trim().replace(" ", "T");
  if (iso.length < 10 || iso[4] !== "-" || iso[7] !== "-") return undefined;
  const time = Date.parse(
    iso.length === 10 ? `${iso}T00:00:00Z` : iso.length <= 19 ? `${iso}Z` : iso,
  );
  return Number.isNaN(time) ? undefined : time;
}

function mayHold(
  partition: Relation,
  strategy: "range" | "list" | "hash",
  comparison: Comparison,
  order: Order,
): boolean {
  const bound = boundOf(partition);
  if (partition.partitionOf?.isDefault === true || bound === undefined) return true;
  if (strategy === "list") return listMayHold(bound, comparison, order);
  return strategy === "range" ? rangeMayHold(bound, comparison, order) : true;
}

/** The partition that holds values which a new bound takes as well; undefined when the text shows none. */
export function overlapping(
  world: World,
  table: Relation,
  bound: PartitionBoundSpec | undefined,
): Relation | undefined {
  const key = table.partitioning;
  const [column] = key?.columns ?? [];
  if (bound === undefined || key === undefined || column === undefined) return undefined;
  if (key.columns.length > 1 || key.expressions.length > 0) return undefined;
  if (bound.is_default === true) return undefined;
  if (key.strategy === "hash")
    return partitionsOf(world, table.id).find((partition) => {
      const other = boundOf(partition);
      return other !== undefined && overlaps("hash", bound, other);
    });
  const order = orderOf(table.columns.find(({ name }) => name === column)?.type.name ?? "");
  if (order === undefined) return undefined;
  return partitionsOf(world, table.id).find((partition) => {
    const other = boundOf(partition);
    if (partition.partitionOf?.isDefault === true || other === undefined) return false;
    if (key.strategy === "list") return sharesValue(bound, other, order);
    return key.strategy === "range" && rangesMeet(bound, other, order);
  });
}

function sharesValue(a: PartitionBoundSpec, b: PartitionBoundSpec, order: Order): boolean {
  const values = (a.listdatums ?? []).flatMap((node) => literal(node) ?? []);
  return values.some((value) => listMayHold(b, { ...equalTo, values: [value] }, order));
}

const equalTo = { column: "", qualifier: undefined, operator: "=" } as const;

function rangesMeet(a: PartitionBoundSpec, b: PartitionBoundSpec, order: Order): boolean {
  const before = (high: string | undefined, low: string | undefined) => {
    if (high === undefined || low === undefined) return false;
    const found = order(high, low);
    return found === undefined || found <= 0;
  };
  return (
    !before(edge(a.upperdatums), edge(b.lowerdatums)) &&
    !before(edge(b.upperdatums), edge(a.lowerdatums))
  );
}

function boundOf({ partitionOf }: Relation): PartitionBoundSpec | undefined {
  const node = partitionOf?.bound as { PartitionBoundSpec?: PartitionBoundSpec } | undefined;
  return node?.PartitionBoundSpec;
}

function listMayHold(bound: PartitionBoundSpec, { operator, values }: Comparison, order: Order) {
  if (operator !== "=") return true;
  const listed = (bound.listdatums ?? []).map(literal);
  return values.some((value) =>
    listed.some((item) => item !== undefined && order(value, item) === 0),
  );
}

function rangeMayHold(bound: PartitionBoundSpec, { operator, values }: Comparison, order: Order) {
  const low = edge(bound.lowerdatums);
  const high = edge(bound.upperdatums);
  const below = (value: string, inclusive: boolean) => {
    if (low === undefined) return false;
    const found = order(value, low);
    return found !== undefined && (inclusive ? found < 0 : found <= 0);
  };
  const above = (value: string) => {
    if (high === undefined) return false;
    const found = order(value, high);
    return found !== undefined && found >= 0;
  };
  switch (operator) {
    case "=":
      return values.some((value) => !below(value, true) && !above(value));
    case "<":
      return !values.every((value) => below(value, false));
    case "<=":
      return !values.every((value) => below(value, true));
    case ">":
    case ">=":
      return !values.every(above);
    default:
      return true;
  }
}

/** The one datum of a bound; undefined for MINVALUE and MAXVALUE. */
function edge(datums: readonly Node[] | undefined): string | undefined {
  return literal(datums?.[0]);
}
