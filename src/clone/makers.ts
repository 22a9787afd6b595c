import {
  rowMaking,
  type ColumnShape,
  type FillableColumn,
  type ValueType,
} from "../effects/index.ts";
import type { ColumnShapes } from "./column-shapes.ts";
import { drawFor, everyRow, type Draw } from "./draw.ts";
import type { CloneTable } from "./structure.ts";
import { fewValues, valueAt, type OtherValues, type ValueStyle } from "./values.ts";

/** Rows that a foreign key may refer to. */
export interface Parents {
  /** How many there are. */
  readonly count: number;
  /** The value of one of the key's columns in the parent with a number, as SQL; the numbers count from 1. */
  readonly valueAt: (column: string, number: string) => string;
}

export interface PlanRequest {
  readonly table: CloneTable;
  /** Rows that are to be made. */
  readonly rows: number;
  /** Rows of the source. */
  readonly sourceRows: number;
  readonly shapes: ColumnShapes;
  readonly seed: number;
  /** Of each foreign key, in order; undefined for one whose parent has no rows. */
  readonly parents: readonly (Parents | undefined)[];
  /** What whole numbers of keys begin after, by column. */
  readonly after: ReadonlyMap<string, bigint>;
}

/** How the columns of one table are made. */
export interface TablePlan {
  /** SQL over `g`, by column; null where no value can be made for a column that must have one. */
  readonly expressions: ReadonlyMap<string, string>;
  /** The same without nulls, and before a domain takes the value. */
  readonly bare: ReadonlyMap<string, string>;
  /** Columns whose values foreign keys decide, without nulls. */
  readonly bound: ReadonlyMap<string, string>;
  /** How values of the other columns are drawn. */
  readonly draws: ReadonlyMap<string, Draw>;
  /** Columns that have another value in each row, by the row's number. */
  readonly keyed: ReadonlyMap<string, (number: string) => string>;
  /** Why no row can be made. */
  readonly reason: string | undefined;
}

/** Decides for each column how it gets its values: by a foreign key, as a key, or by the statistics. */
export async function planTable(request: PlanRequest): Promise<TablePlan> {
  const { table, rows } = request;
  const { valueOf } = await rowMaking();
  const other: OtherValues = (type, number) => {
    const value = valueOf(type, "key");
    return value === undefined
      ? undefined
      : `(SELECT ${value} FROM (SELECT (${number})::bigint AS g) AS o)`;
  };
  const foreign = new Map<string, { readonly key: number; readonly parentColumn: string }>();
  // The key of most columns first: its columns belong together.
  const order = table.foreignKeys
    .map((key, index) => ({ key, index }))
    .toSorted((a, b) => b.key.columns.length - a.key.columns.length);
  for (const { key, index } of order)
    if (!key.columns.some((name) => foreign.has(name)))
      for (const [place, name] of key.columns.entries())
        foreign.set(name, { key: index, parentColumn: key.parentColumns[place]! });
  const makers = keyMakers(table, foreign, request);
  const expressions = new Map<string, string>();
  const bare = new Map<string, string>();
  const bound = new Map<string, string>();
  const keyed = new Map<string, (number: string) => string>();
  const drawn = new Map<number, Draw>();
  const draws = new Map<string, Draw>();
  for (const column of table.columns) {
    const shape = request.shapes.get(column.name);
    const reference = foreign.get(column.name);
    const radix = makers.radix.get(reference === undefined ? column.name : `${reference.key}`);
    const isMaker = makers.every.has(column.name);
    // Each value once, as far as the statistics know: a unique index may be about to be built.
    const isDistinct = reference === undefined && shape?.distinct === -1 && shape.nulls === 0;
    const salt = saltOf(request.seed, `${table.name}.${column.name}`);
    const nullable = !column.notNull && !isMaker && radix === undefined;
    const parents = reference === undefined ? undefined : request.parents[reference.key];
    if (reference !== undefined && parents === undefined) {
      if (column.notNull) return none(`column ${column.name} refers to a table that has no rows`);
      bound.set(column.name, "NULL");
      expressions.set(column.name, "NULL");
      continue;
    }
    const most = parents?.count ?? fewValues(column.type);
    const first = reference === undefined ? undefined : drawn.get(reference.key);
    const draw =
      first ??
      (isMaker || (isDistinct && radix === undefined && fewValues(column.type) > rows)
        ? everyRow(rows)
        : radix !== undefined
          ? { ...everyRow(most), number: radix, distinct: most }
          : drawFor({ rows, sourceRows: request.sourceRows, shape, nullable, most, salt }));
    if (reference !== undefined) drawn.set(reference.key, draw);
    else draws.set(column.name, draw);
    const style: ValueStyle = {
      shape,
      distinct: draw.distinct,
      isOrdered: draw.isOrdered,
      after: isMaker ? (request.after.get(column.name) ?? 0n) : undefined,
    };
    const make = (number: string) =>
      parents === undefined
        ? (inRange(table, column, number, rows) ?? valueAt(column.type, number, style, other))
        : `(${parents.valueAt(reference!.parentColumn, number)})::${column.type.sql}`;
    const value = make(draw.number);
    if (value === undefined) {
      if (column.notNull)
        return none(`no value is known for column ${column.name} of type ${column.type.sql}`);
      expressions.set(column.name, "NULL");
      continue;
    }
    if (reference !== undefined) bound.set(column.name, value);
    else if (isMaker) keyed.set(column.name, (number) => make(number)!);
    if (parents === undefined)
      bare.set(column.name, valueAt(undomained(column.type), draw.number, style, other) ?? value);
    expressions.set(column.name, orNull(value, draw));
  }
  return { expressions, bare, bound, draws, keyed, reason: undefined };
}

function undomained(type: ValueType): ValueType {
  return type.kind === "domain" ? undomained(type.inner!) : type;
}

/** The value, but for those rows that have none. */
export function orNull(value: string, { isNull }: Draw): string {
  return isNull === undefined ? value : `CASE WHEN NOT (${isNull}) THEN ${value} END`;
}

function none(reason: string): TablePlan {
  const empty = new Map<string, never>();
  return { expressions: empty, bare: empty, bound: empty, draws: empty, keyed: empty, reason };
}

/** Spread between the bounds of a range partition. */
function inRange(
  { range }: CloneTable,
  { name, type }: FillableColumn,
  number: string,
  rows: number,
): string | undefined {
  if (range?.column !== name || type.kind !== "base") return undefined;
  const share = `((${number} - 1) % ${rows})::float8 / ${rows}`;
  const [from, to] = [range.from, range.to].map((bound) => `${bound}::${type.sql}`);
  const whole = type.name === "date" || type.name.startsWith("int");
  if (!whole && !["timestamptz", "timestamp", "numeric", "float8"].includes(type.name))
    return undefined;
  const way = type.name === "numeric" ? `(${share})::numeric` : share;
  const step = `(${to} - ${from}) * (${way})`;
  return `(${from} + ${whole ? `pg_catalog.floor(${step})::int` : step})::${type.sql}`;
}

interface KeyMakers {
  /** Columns that have another value in each row. */
  readonly every: ReadonlySet<string>;
  /** Numbers of values, as SQL over `g`, of columns, or of foreign keys by their place, that differ together. */
  readonly radix: ReadonlyMap<string, string>;
}

/**
 * In each unique set one column that no foreign key decides has another value in every row; where there is none, the columns count
 * through all their combinations together.
 */
function keyMakers(
  { uniques, columns }: CloneTable,
  foreign: ReadonlyMap<string, { readonly key: number }>,
  { rows, shapes, parents }: PlanRequest,
): KeyMakers {
  const every = new Set<string>();
  const radix = new Map<string, string>();
  const byName = new Map(columns.map((column) => [column.name, column]));
  const sorted = uniques.toSorted((a, b) => a.columns.length - b.columns.length);
  for (const { columns: set } of sorted) {
    if (set.some((name) => every.has(name))) continue;
    const free = set.filter((name) => {
      const column = byName.get(name);
      return column !== undefined && !foreign.has(name) && fewValues(column.type) > rows;
    });
    // The most varied one in the source; a share of the rows is more than a count.
    const [best] = free.toSorted(
      (a, b) => variety(shapes.get(b), rows) - variety(shapes.get(a), rows),
    );
    if (best !== undefined) {
      every.add(best);
      continue;
    }
    const members = new Map<string, number>();
    for (const name of set) {
      const reference = foreign.get(name);
      const column = byName.get(name);
      if (reference !== undefined)
        members.set(`${reference.key}`, parents[reference.key]?.count ?? 1);
      else if (column !== undefined) members.set(name, fewValues(column.type));
    }
    if ([...members.keys()].some((member) => radix.has(member))) continue;
    let before = 1;
    // Each goes on by one more when all before it have gone round, so that every value comes about as often.
    for (const [member, count] of members) {
      const step = before === 1 ? "(g - 1)" : `((g - 1) % ${before} + (g - 1) / ${before})`;
      radix.set(member, `(1 + ${step} % ${count})`);
      before *= Math.max(1, Math.min(count, 2 ** 31));
    }
  }
  return { every, radix };
}

function variety(shape: ColumnShape | undefined, rows: number): number {
  if (shape === undefined) return 0;
  return shape.distinct < 0 ? -shape.distinct * rows : Math.min(shape.distinct, rows);
}

/** FNV-1a (RFC draft-eastlake-fnv): the same columns get the same values in every clone of a seed. */
export function saltOf(seed: number, name: string): number {
  let hash = 2_166_136_261 ^ seed;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 16_777_619);
  return hash >>> 1;
}
