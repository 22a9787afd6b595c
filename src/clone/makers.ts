import {
  rowMaking,
  type ColumnShape,
  type FillableColumn,
  type ValueType,
} from "../effects/index.ts";
import type { ColumnShapes } from "./column-shapes.ts";
import type { KeyRole } from "./key-roles.ts";
import { drawFor, everyRow, type Draw } from "./draw.ts";
import type { CloneTable } from "./structure.ts";
import { fewValues, valueAt, type OtherValues, type ValueStyle } from "./values.ts";

/** Rows that a foreign key may refer to. */
export interface Parents {
  /** How many there are. */
  readonly count: number;
  /**
   * The value of one of the key's columns in the parent with a number, as SQL; the numbers count from 1.
   * @param given values of its other columns, as SQL by column, for parents that are looked up by those
   */
  readonly valueAt: (column: string, number: string, given?: ReadonlyMap<string, string>) => string;
}

export interface PlanRequest {
  readonly table: CloneTable;
  /** Rows that are to be made. */
  readonly rows: number;
  /** Rows of the source. */
  readonly sourceRows: number;
  readonly shapes: ColumnShapes;
  readonly seed: number;
  /** Which columns foreign keys decide. */
  readonly roles: readonly KeyRole[];
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
  const foreign = decidedByKeys(request);
  const makers = keyMakers(table, foreign, request);
  const keys = keyValues(request, foreign, makers);
  const expressions = new Map<string, string>();
  const bare = new Map<string, string>();
  const bound = new Map<string, string>();
  const keyed = new Map<string, (number: string) => string>();
  const draws = new Map<string, Draw>();
  for (const column of table.columns) {
    const { name } = column;
    const reference = foreign.get(name);
    if (reference !== undefined) {
      const key = keys.get(name);
      if (key === undefined && column.notNull)
        return none(`column ${name} refers to a table that has no rows`);
      bound.set(name, key?.value ?? "NULL");
      const isEver = key === undefined || column.notNull;
      expressions.set(name, isEver ? (key?.value ?? "NULL") : orNull(key.value, key.draw));
      continue;
    }
    const shape = request.shapes.get(name);
    const radix = makers.radix.get(name);
    const isMaker = makers.every.has(name);
    // Each value once, as far as the statistics know: a unique index may be about to be built.
    const isDistinct = shape?.distinct === -1 && shape.nulls === 0;
    const salt = saltOf(request.seed, `${table.name}.${name}`);
    const nullable = !column.notNull && !isMaker && radix === undefined;
    const most = fewValues(column.type);
    const draw =
      isMaker || (isDistinct && radix === undefined && most > rows)
        ? everyRow(rows)
        : radix !== undefined
          ? { ...everyRow(most), number: radix, distinct: most }
          : drawFor({ rows, sourceRows: request.sourceRows, shape, nullable, most, salt });
    draws.set(name, draw);
    const style: ValueStyle = {
      shape,
      distinct: draw.distinct,
      isOrdered: draw.isOrdered,
      after: isMaker ? (request.after.get(name) ?? 0n) : undefined,
    };
    const make = (number: string) =>
      inRange(table, column, number, rows) ?? valueAt(column.type, number, style, other);
    const value = make(draw.number);
    if (value === undefined) {
      if (column.notNull)
        return none(`no value is known for column ${name} of type ${column.type.sql}`);
      expressions.set(name, "NULL");
      continue;
    }
    if (isMaker) keyed.set(name, (number) => make(number)!);
    bare.set(name, valueAt(undomained(column.type), draw.number, style, other) ?? value);
    expressions.set(name, orNull(value, draw));
  }
  return { expressions, bare, bound, draws, keyed, reason: undefined };
}

/** The role of the key that decides a column, by the column's name. */
type Decided = ReadonlyMap<string, KeyRole>;

/**
 * Without the columns that must have a value, of keys that have no parents: nothing is looked up for a row that has no value in
 * another column of the key.
 */
function decidedByKeys({ table, roles, parents }: PlanRequest): Decided {
  const mayLack = new Set(table.columns.flatMap(({ name, notNull }) => (notNull ? [] : [name])));
  return new Map(
    roles.flatMap((role) => {
      const names = [...role.own.keys()];
      const isFree = parents[role.key] === undefined && names.some((name) => mayLack.has(name));
      return names
        .filter((name) => !isFree || mayLack.has(name))
        .map((name) => [name, role] as const);
    }),
  );
}

/** Values of the columns that keys decide, without nulls; those of one key are of one parent. */
function keyValues(
  { table, roles, parents, shapes, rows, sourceRows, seed }: PlanRequest,
  foreign: Decided,
  { radix, alone }: KeyMakers,
): ReadonlyMap<string, { readonly value: string; readonly draw: Draw }> {
  const values = new Map<string, { readonly value: string; readonly draw: Draw }>();
  for (const { key, own, shared } of roles) {
    const columns = table.columns.filter(({ name }) => own.has(name) && foreign.has(name));
    const from = parents[key];
    const [first] = columns;
    if (from === undefined || first === undefined) continue;
    const many = radix.get(`${key}`);
    const given = new Map(
      [...shared].map(([name, parentColumn]) => [parentColumn, values.get(name)?.value ?? "NULL"]),
    );
    const shape = keyShape(columns, shapes, rows);
    const nullable = columns.some(({ notNull }) => !notNull);
    const salt = saltOf(seed, `${table.name}.${first.name}`);
    const most = from.count;
    const draw =
      many === undefined
        ? drawFor({ rows, sourceRows, shape, nullable, most, salt })
        : eachOnce(many, most, nullable && alone.has(`${key}`) ? (shape?.nulls ?? 0) : 0);
    for (const { name, type } of columns)
      values.set(name, {
        value: `(${from.valueAt(own.get(name)!, draw.number, given)})::${type.sql}`,
        draw,
      });
  }
  return values;
}

/** Another parent in each row that has one; the others lie evenly between them. */
function eachOnce(number: string, distinct: number, nulls: number): Draw {
  const all = { ...everyRow(distinct), number };
  if (nulls === 0) return all;
  const upTo = (row: string) => `pg_catalog.floor(${row} * ${1 - nulls}::float8)::bigint`;
  return {
    ...all,
    number: number.replaceAll(/\bg\b/g, upTo("g")),
    nulls,
    isNull: `${upTo("g")} = ${upTo("(g - 1)")}`,
  };
}

/** A key is as varied as its most varied column, and lacks as often as the column that lacks most. */
function keyShape(
  columns: readonly FillableColumn[],
  shapes: ColumnShapes,
  rows: number,
): ColumnShape | undefined {
  const known = columns.flatMap(({ name }) => shapes.get(name) ?? []);
  const [best] = known.toSorted((a, b) => variety(b, rows) - variety(a, rows));
  return best && { ...best, nulls: Math.max(...known.map(({ nulls }) => nulls)) };
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
  /** Those of them that differ by themselves: rows without a value do not count. */
  readonly alone: ReadonlySet<string>;
}

/**
 * In each unique set one column that no foreign key decides has another value in every row; where there is none, the columns count
 * through all their combinations together.
 */
function keyMakers(
  { uniques, columns }: CloneTable,
  foreign: Decided,
  { rows, shapes, parents }: PlanRequest,
): KeyMakers {
  const every = new Set<string>();
  const radix = new Map<string, string>();
  const alone = new Set<string>();
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
    if (members.size === 1) alone.add([...members.keys()][0]!);
    let before = 1;
    // Each goes on by one more when all before it have gone round, so that every value comes about as often.
    for (const [member, count] of members) {
      const step = before === 1 ? "(g - 1)" : `((g - 1) % ${before} + (g - 1) / ${before})`;
      radix.set(member, `(1 + ${step} % ${count})`);
      before *= Math.max(1, Math.min(count, 2 ** 31));
    }
  }
  return { every, radix, alone };
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
