import type { RelationSize, ValueType } from "../effects/index.ts";
import type { CloneTable } from "./structure.ts";

/** Bytes from which on a value surely goes to TOAST, packed or not (TOAST_TUPLE_THRESHOLD, heaptoast.h). */
const least = 6_000;

/**
 * Makes values long enough for TOAST where the source has some: in one column that can hold them and that no key and no CHECK
 * reads, for as many rows as it takes. The statistics do not say which column it is: the widest is taken.
 */
export function addToast(
  { columns, conditions, uniques }: CloneTable,
  expressions: Map<string, string>,
  source: RelationSize | undefined,
  rows: number,
): void {
  const { shape, rows: sourceRows } = source ?? {};
  if (shape === undefined || sourceRows === undefined || sourceRows === 0) return;
  const perRow = shape.toastBytes / sourceRows;
  // An empty TOAST table has an index of one page.
  if (shape.toastBytes <= 8192 * 2 || rows === 0) return;
  const shapes = new Map(Object.entries(shape.columns));
  const taken = new Set([
    ...conditions.flatMap((one) => one.columns),
    ...uniques.flatMap((one) => one.columns),
  ]);
  const [column] = columns
    .filter(({ name, type }) => !taken.has(name) && wrapped(type) !== undefined)
    .toSorted((a, b) => (shapes.get(b.name)?.width ?? 0) - (shapes.get(a.name)?.width ?? 0));
  if (column === undefined) return;
  const own = expressions.get(column.name);
  if (own === undefined || own === "NULL") return;
  const length = Math.max(least, Math.ceil(perRow));
  const every = Math.max(1, Math.round(length / perRow));
  const digests = `(SELECT pg_catalog.string_agg(pg_catalog.md5((g * 1000 + n)::text), '') FROM pg_catalog.generate_series(1, ${Math.ceil(length / 32)}) AS n)`;
  expressions.set(
    column.name,
    `CASE WHEN g % ${every} = 0 THEN (${wrapped(column.type)!(digests)})::${column.type.sql} ELSE ${own} END`,
  );
}

function wrapped({
  kind,
  isArray,
  name,
  modifier,
}: ValueType): ((text: string) => string) | undefined {
  if (kind !== "base" || isArray) return undefined;
  if (name === "text" || (name === "varchar" && modifier === -1)) return (text) => text;
  if (name === "json" || name === "jsonb") return (text) => `'{"v": "' || ${text} || '"}'`;
  if (name === "bytea") return (text) => `pg_catalog.convert_to(${text}, 'UTF8')`;
  return undefined;
}
