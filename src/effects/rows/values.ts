import { quoteLiteral } from "../../sql/index.ts";
import type { ValueType } from "./types.ts";

/**
 * How values are made.
 *
 * - `key`: another one for each g, from a range that seldom meets what migrations insert themselves.
 * - `wide`: what the type admits and stricter ones would not: repeated, negative, long, beyond the next smaller type.
 * - `tame`: small, positive, short.
 */
export type ValueStyle = "key" | "wide" | "tame";

/** Keys begin here: identities and seeds count from 1. */
const base = 2 ** 20;

/** Every so many rows a column that admits null is null. */
const nullEvery = 7;

/** The value in most rows, null in the others. */
export function sometimesNull(expression: string): string {
  return `CASE WHEN g % ${nullEvery} <> 0 THEN ${expression} END`;
}

/**
 * An SQL expression for a value of a type out of `g`, a bigint counting from 1; the same type, style and g give the same
 * value in every table. Undefined for a type whose values are not known.
 */
export function valueOf(type: ValueType, style: ValueStyle): string | undefined {
  const expression = uncast(type, style);
  return expression === undefined ? undefined : `(${expression})::${type.sql}`;
}

function uncast(type: ValueType, style: ValueStyle): string | undefined {
  const { kind, inner } = type;
  if (type.isArray) {
    const element = valueOf(inner!, style);
    return element === undefined ? undefined : `ARRAY[${element}]`;
  }
  switch (kind) {
    case "domain":
      return uncast(inner!, style);
    case "enum":
      return type.labels.length === 0 ? undefined : oneOf(type.labels.map(quoteLiteral));
    case "composite": {
      const fields = type.fields.map((field) => valueOf(field, style));
      return fields.includes(undefined) ? undefined : `ROW(${fields.join(", ")})`;
    }
    case "range": {
      const bound = valueOf(inner!, "key");
      return bound === undefined ? undefined : `${type.sql}(${bound}, ${bound}, '[]')`;
    }
    case "multirange": {
      const range = valueOf(inner!, style);
      return range === undefined ? undefined : `${type.sql}(${range})`;
    }
    case "base":
      return baseValue(type, style);
    case "pseudo":
      return undefined;
  }
}

/** The element of a list that `g` picks. */
function oneOf(values: readonly string[]): string {
  return `(ARRAY[${values.join(", ")}])[1 + g % ${values.length}]`;
}

function baseValue(type: ValueType, style: ValueStyle): string | undefined {
  const number = (wide: string, key = `${base} + g`) =>
    style === "key" ? key : style === "wide" ? wide : "1 + g % 50";
  switch (type.name) {
    case "int2":
      return number("g % 50 - 10", "10000 + g % 22000");
    case "int4":
      return number("(g % 50 - 10) * 40000");
    case "int8":
      return number("(g % 50 - 10) * 3000000000");
    case "float4":
    case "float8":
    case "money":
      return number("(g % 50 - 10) * 1000.5");
    case "numeric":
      return numericValue(type.modifier, style);
    case "text":
    case "varchar":
    case "bpchar":
    case "citext":
    case "name":
      return textValue(type, style);
    default:
      return fixed[type.name] ?? other(type, style);
  }
}

/** numeric(p, s) keeps `(p << 16 | s) + 4` as its modifier (numeric.c, make_numeric_typmod). */
function numericValue(modifier: number, style: ValueStyle): string {
  if (style === "tame") return "1 + g % 9";
  if (modifier === -1) return style === "key" ? `${base} + g` : "(g % 50 - 10) * 1000000.25";
  const packed = modifier - 4;
  const digits = (packed >> 16) - (((packed & 0x7ff) ^ 1024) - 1024);
  if (style === "key") return digits >= 7 ? `${base} + g` : "g";
  return digits <= 2 ? "g % 9" : `(g % 18 - 8) * 1${"0".repeat(digits - 2)}`;
}

/** varchar(n) and char(n) keep `n + 4` as their modifier. */
function textValue({ name, modifier }: ValueType, style: ValueStyle): string {
  const limit = name === "name" ? 63 : modifier === -1 ? Infinity : modifier - 4;
  if (style === "key")
    return limit >= 6
      ? `pg_catalog.to_hex(${base} + g)`
      : `pg_catalog.right(pg_catalog.lpad(pg_catalog.to_hex(g), ${limit}, '0'), ${limit})`;
  if (style === "tame") return `'v' || g % 50`;
  const length = Math.min(limit, 300);
  return `CASE WHEN g % 25 = 1 THEN pg_catalog.rpad('', ${length}, 'x') ELSE 'value ' || g % 50 END`;
}

/** Types of which one way to make a value is enough. */
const fixed: Readonly<Record<string, string>> = {
  bool: "g % 2 = 0",
  char: "pg_catalog.chr((65 + g % 26)::int)",
  bytea: `pg_catalog.decode(pg_catalog.to_hex(${base} + g), 'hex')`,
  uuid: `'00000000-0000-4000-8000-' || pg_catalog.lpad(pg_catalog.to_hex(${base} + g), 12, '0')`,
  date: `date '2020-01-01' + (g % 3000)::int`,
  timestamp: `timestamp '2020-01-01 10:00' + g * interval '1 hour'`,
  timestamptz: `timestamptz '2020-01-01 10:00+00' + g * interval '1 hour'`,
  time: `time '00:00' + g * interval '1 second'`,
  timetz: `timetz '00:00+00' + g * interval '1 second'`,
  interval: `g * interval '1 minute'`,
  json: `'{"g": ' || g || '}'`,
  jsonb: `'{"g": ' || g || '}'`,
  jsonpath: `'$.g'`,
  xml: `'<g>' || g || '</g>'`,
  inet: `inet '10.0.0.0' + g`,
  cidr: `'10.' || g / 65536 % 256 || '.' || g / 256 % 256 || '.' || g % 256 || '/32'`,
  macaddr: `'08002b' || pg_catalog.lpad(pg_catalog.to_hex(g), 6, '0')`,
  macaddr8: `'08002b0102' || pg_catalog.lpad(pg_catalog.to_hex(g), 6, '0')`,
  point: "pg_catalog.point(g, g)",
  line: `'{1,-1,' || g || '}'`,
  lseg: `'((0,0),(1,' || g || '))'`,
  box: `'((0,0),(1,' || g || '))'`,
  path: `'((0,0),(1,' || g || '))'`,
  polygon: `'((0,0),(1,' || g || '),(1,1))'`,
  circle: `'<(0,0),' || g || '>'`,
  tsvector: `'w' || g`,
  tsquery: `'w' || g`,
  oid: `${base} + g`,
  regclass: `'pg_catalog.pg_class'`,
  regtype: `'pg_catalog.int4'`,
  regproc: `'pg_catalog.now'`,
  pg_lsn: `'0/' || pg_catalog.to_hex(g)`,
  xid: `g::pg_catalog.text`,
  xid8: `g::pg_catalog.text`,
  // Of the extensions that come with Postgres.
  ltree: `'n' || g`,
  hstore: `'g=>' || g`,
  cube: `'(' || g || ')'`,
};

function other({ name, modifier }: ValueType, style: ValueStyle): string | undefined {
  if (name === "bit") return `pg_catalog.repeat('1', ${modifier === -1 ? 1 : modifier})`;
  if (name === "varbit") return style === "tame" ? `'1'` : `'101'`;
  return undefined;
}
