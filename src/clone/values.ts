import type { ColumnShape, ValueType } from "../effects/index.ts";
import { quoteLiteral } from "../sql/index.ts";

/** What a value is to be like. */
export interface ValueStyle {
  readonly shape: ColumnShape | undefined;
  /** How many different ones there are. */
  readonly distinct: number;
  readonly isOrdered: boolean;
  /** Of a key: whole numbers go on after this one. */
  readonly after: bigint | undefined;
}

/** Makes an SQL expression of a type's own way to make values out of a number; undefined for a type without one. */
export type OtherValues = (type: ValueType, number: string) => string | undefined;

/** Widths that say nothing: of a column without statistics. */
const usualWidth = 12;

/**
 * An SQL expression for the value with a number, itself an SQL expression that counts from 1: another value for each number as
 * far as the type has so many, of the width and size that the statistics know. Undefined for a type whose values are not known.
 */
export function valueAt(
  type: ValueType,
  number: string,
  style: ValueStyle,
  other: OtherValues,
): string | undefined {
  const value = uncast(type, number, style, other);
  return value === undefined ? undefined : `(${value})::${type.sql}`;
}

/** How many different values a type has at the most, where that is few. */
export function fewValues(type: ValueType): number {
  if (type.kind === "domain") return fewValues(type.inner!);
  if (type.isArray) return Infinity;
  if (type.kind === "enum") return type.labels.length;
  if (type.name === "bool") return 2;
  if (type.name === "int2") return 32_000;
  if (type.name === "numeric") return Math.max(1, Number(numericLimit(type.modifier)));
  const limit = textLimit(type);
  return limit < 8 ? 16 ** limit : Infinity;
}

function uncast(
  type: ValueType,
  number: string,
  style: ValueStyle,
  other: OtherValues,
): string | undefined {
  if (type.kind === "domain") return uncast(type.inner!, number, style, other);
  if (type.isArray) {
    const element = valueAt(type.inner!, number, { ...style, shape: undefined }, other);
    return element === undefined ? undefined : `ARRAY[${element}]`;
  }
  if (type.kind === "enum")
    return type.labels.length === 0
      ? undefined
      : `(ARRAY[${type.labels.map(quoteLiteral).join(", ")}])[1 + (${number} - 1) % ${type.labels.length}]`;
  if (type.kind !== "base") return other(type, number);
  const own = byName[type.name];
  return own === undefined ? other(type, number) : own(number, style, type);
}

type Maker = (number: string, style: ValueStyle, type: ValueType) => string;

const wholeNumber: Maker = (number, style, type) => whole(number, style, wholeLimits[type.name]!);
const text: Maker = (number, style, type) => textOf(number, style, textLimit(type));
const day = `timestamptz '2020-01-01 00:00:00+00'`;
/** Five years, in the shares that so many values make of them. */
const seconds: Maker = (number, { distinct }) =>
  `${number} * interval '${Math.max(0.000_001, 157_680_000 / distinct).toFixed(6)} seconds'`;

const byName: Readonly<Record<string, Maker>> = {
  int2: wholeNumber,
  int4: wholeNumber,
  int8: wholeNumber,
  numeric: (number, style, { modifier }) => whole(number, style, numericLimit(modifier)),
  float4: (number, style) => whole(number, style, 2n ** 24n),
  float8: (number, style) => whole(number, style, 2n ** 53n),
  bool: (number) => `${number} % 2 = 0`,
  text,
  varchar: text,
  bpchar: text,
  citext: text,
  name: text,
  uuid: (number) => `pg_catalog.md5((${number})::text)`,
  date: (number, { distinct }) =>
    distinct <= 1826
      ? `date '2020-01-01' + (${number})::int`
      : `date '1900-01-01' + ((${number}) % 60000)::int`,
  timestamptz: (number, style, type) => `${day} + ${seconds(number, style, type)}`,
  timestamp: (number, style, type) =>
    `timestamp '2020-01-01 00:00:00' + ${seconds(number, style, type)}`,
  json: (number, style) => object(number, style),
  jsonb: (number, style) => object(number, style),
  bytea: (number, style) => `pg_catalog.decode(${hexOf(number, 2 * widthOf(style), style)}, 'hex')`,
};

const wholeLimits: Readonly<Record<string, bigint>> = {
  int2: 32_767n,
  int4: 2_147_483_647n,
  int8: 9_223_372_036_854_775_807n,
};

/** numeric(p, s) keeps `(p << 16 | s) + 4` as its modifier (numeric.c, make_numeric_typmod). */
function numericLimit(modifier: number): bigint {
  if (modifier === -1) return 10n ** 18n;
  const packed = modifier - 4;
  const digits = (packed >> 16) - (((packed & 0x7ff) ^ 1024) - 1024);
  return 10n ** BigInt(Math.max(0, Math.min(18, digits))) - 1n;
}

/** With as many digits as the longest of the source has, some below zero where the source has such. */
function whole(number: string, { shape, distinct, after }: ValueStyle, limit: bigint): string {
  if (limit === 0n) return "0";
  if (after !== undefined) return after === 0n ? number : `${after} + ${number}`;
  const longest = shape?.digits === undefined ? limit : 10n ** BigInt(shape.digits) - 1n;
  const most = longest < limit ? longest : limit;
  const known = shape?.digits === undefined ? 1n : most / BigInt(Math.max(1, distinct));
  const step = known < 1n ? 1n : known;
  const value = step === 1n ? `(${number}) % ${most + 1n}` : `(${number}) * ${step} % ${most + 1n}`;
  return shape?.negative === true ? `(${value}) * (1 - 2 * ((${number}) % 2))` : value;
}

/** varchar(n) and char(n) keep `n + 4` as their modifier. */
function textLimit({ name, modifier }: ValueType): number {
  if (name === "name") return 63;
  const hasLimit = (name === "varchar" || name === "bpchar") && modifier !== -1;
  return hasLimit ? modifier - 4 : Infinity;
}

/** Without the length that stands before a short value (postgres.h, varattrib_1b). */
function widthOf({ shape }: ValueStyle): number {
  return Math.max(1, Math.round((shape?.width ?? usualWidth) - 1));
}

function textOf(number: string, style: ValueStyle, limit: number): string {
  return hexOf(number, Math.min(limit, widthOf(style)), style, limit);
}

/**
 * Digits as many as the width, of which so many are the number's own that no two are the same; the others look like chance.
 * In front they keep the order of the numbers.
 */
function hexOf(
  number: string,
  width: number,
  { distinct, isOrdered }: ValueStyle,
  limit = Infinity,
): string {
  const least = Math.min(limit, (distinct + 1).toString(16).length + (limit === Infinity ? 1 : 0));
  // An even number of them, for bytes.
  const all = Math.min(
    limit,
    Math.max(width, least) + (limit === Infinity ? Math.max(width, least) % 2 : 0),
  );
  const own = `pg_catalog.right(pg_catalog.lpad(pg_catalog.to_hex(${number}), 16, '0'), ${least})`;
  if (all <= least) return own;
  const digest = `pg_catalog.md5((${number})::text)`;
  const times = Math.ceil((all - least) / 32);
  const filling = `pg_catalog.left(${times === 1 ? digest : `pg_catalog.repeat(${digest}, ${times})`}, ${all - least})`;
  return isOrdered ? `${own} || ${filling}` : `${filling} || ${own}`;
}

function object(number: string, style: ValueStyle): string {
  const frame = 12;
  return `'{"v": "' || ${hexOf(number, Math.max(1, widthOf(style) - frame), style)} || '"}'`;
}
