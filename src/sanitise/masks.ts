import type { ValueType } from "../effects/index.ts";
import { digest, numberOf, permuted } from "./digest.ts";

/** How a masked value has to be, beyond its type. */
export interface MaskNeeds {
  /** Different values keep different masks: the column is part of a key or refers to one. */
  readonly isUnique: boolean;
  /** Characters at the most; undefined for any number. */
  readonly limit: number | undefined;
  /** Values that differ in case alone count as one, as in citext. */
  readonly foldsCase: boolean;
}

/** Characters that a mask of a unique text has at the least, where the column takes as many: 36 to that power. */
export const uniqueLength = 12;

/** Types whose values are texts, by internal name. */
export const textTypes: ReadonlySet<string> = new Set(["text", "varchar", "bpchar", "citext"]);

const wholeTypes: Readonly<Record<string, { digits: number; k: number | string; m: number }>> = {
  // Numbers of as many digits as the greatest of the type, from 1 with zeros to that one: k × m of them.
  int2: { digits: 5, k: 1_423, m: 16 },
  int4: { digits: 10, k: 2_241_179, m: 512 },
  int8: { digits: 19, k: (2n ** 63n - 10n ** 18n) / 2n ** 18n + "", m: 262_144 },
};

/**
 * An SQL expression for the mask of a value: the same for the same value and key, of the same length or number of digits.
 * Nulls, empty texts and zeros stay. Undefined for types of which no mask is known.
 * @param value SQL of the value, to be used several times
 */
export function maskOf(type: ValueType, value: string, needs: MaskNeeds): string | undefined {
  const mask = rawMaskOf(type, value, needs);
  return mask === undefined ? undefined : `CASE WHEN ${value} IS NULL THEN NULL ELSE ${mask} END`;
}

function rawMaskOf(type: ValueType, value: string, needs: MaskNeeds): string | undefined {
  const { name, kind, isArray, inner, modifier } = type;
  if (kind === "domain") return rawMaskOf(inner!, value, needs);
  if (isArray) {
    const element = maskOf(inner!, "u.e", { ...needs, isUnique: false });
    return element === undefined
      ? undefined
      : `ARRAY(SELECT ${element} FROM pg_catalog.unnest(${value}) WITH ORDINALITY AS u(e, i) ORDER BY u.i)`;
  }
  if (kind !== "base") return undefined;
  if (textTypes.has(name)) return textMask(value, needs);
  if (name in wholeTypes) return numberMask(`${value}::pg_catalog.numeric`, name);
  switch (name) {
    case "numeric":
      return `CASE WHEN ${value}::pg_catalog.text IN ('NaN', 'Infinity', '-Infinity') THEN ${value} ELSE ${numberMask(value, name)} END`;
    case "float4":
    case "float8":
      return `CASE WHEN ${value}::pg_catalog.text IN ('NaN', 'Infinity', '-Infinity') THEN ${value} ELSE ${numberMask(`${value}::pg_catalog.numeric`, name)}::pg_catalog.${name} END`;
    case "date":
      return dateMask(value);
    case "timestamp":
      return `CASE WHEN pg_catalog.isfinite(${value}) THEN ${momentMask(value, modifier)} ELSE ${value} END`;
    case "timestamptz":
      return `CASE WHEN pg_catalog.isfinite(${value}) THEN ${momentMask(`(${value} AT TIME ZONE 'UTC')`, modifier)} AT TIME ZONE 'UTC' ELSE ${value} END`;
    case "uuid":
      return `(SELECT (pg_catalog.left(h, 12) || '4' || pg_catalog.substr(h, 14, 3) || '8' || pg_catalog.substr(h, 18, 15))::pg_catalog.uuid FROM (SELECT pg_catalog.encode(${digest(`${value}::pg_catalog.text`)}, 'hex') AS h OFFSET 0) AS s)`;
    case "bytea":
      return bytesMask(value, needs);
    case "json":
    case "jsonb":
      return jsonMask(value, name);
    case "tsvector":
      return `pg_catalog.array_to_tsvector(ARRAY(SELECT ${textMask("u.e", needs)} FROM pg_catalog.unnest(pg_catalog.tsvector_to_array(${value})) AS u(e)))`;
    case "inet":
      return addressMask(value);
    default:
      return undefined;
  }
}

/** Small letters and digits, as many as the value has characters. */
function textMask(value: string, { isUnique, limit, foldsCase }: MaskNeeds): string {
  const text = `${value}::pg_catalog.text`;
  const length = `pg_catalog.char_length(${text})`;
  const least = Math.min(uniqueLength, limit ?? uniqueLength);
  const wanted = isUnique
    ? `CASE WHEN ${text} = '' THEN 0 ELSE GREATEST(${length}, ${least}) END`
    : length;
  const most = limit === undefined ? wanted : `LEAST(${wanted}, ${limit})`;
  return wordOf(digest(foldsCase ? `pg_catalog.lower(${text})` : text), most);
}

/** So many letters and digits out of 32 bytes; those of a shorter one begin those of a longer one. */
function wordOf(bytes: string, length: string): string {
  const letters = (of: string) =>
    `pg_catalog.lower(pg_catalog.translate(pg_catalog.encode(${of}, 'base64'), '+/=', 'xy'))`;
  const more = `(SELECT pg_catalog.string_agg(${letters("pg_catalog.sha256(s.d || pg_catalog.int4send(b))")}, '' ORDER BY b) FROM pg_catalog.generate_series(1, s.n / 43) AS b)`;
  return `(SELECT pg_catalog.left(CASE WHEN s.n <= 43 THEN ${letters("s.d")} ELSE ${letters("s.d")} || ${more} END, s.n) FROM (SELECT ${bytes} AS d, ${length} AS n OFFSET 0) AS s)`;
}

/** As many digits and the same sign; 0 stays 0. Different numbers stay different. */
function numberMask(value: string, type: string): string {
  const whole = wholeTypes[type];
  const [k, m] = ["k", "m"].map((part) => {
    const h = "CASE WHEN d = 1 THEN 0 ELSE GREATEST(1, d / 2) END";
    const usual =
      part === "m"
        ? `('1e' || ${h})::pg_catalog.numeric`
        : `('9e' || (d - 1 - ${h}))::pg_catalog.numeric`;
    return whole === undefined
      ? usual
      : `CASE WHEN d = ${whole.digits} THEN ${whole[part as "k" | "m"]}::pg_catalog.numeric ELSE ${usual} END`;
  });
  const facts = `SELECT pg_catalog.trunc(pg_catalog.abs(${value}) * ('1e' || pg_catalog.scale(${value}))::pg_catalog.numeric) AS x`;
  const digits = `SELECT x, pg_catalog.char_length(x::pg_catalog.text) AS d FROM (${facts} OFFSET 0) AS f`;
  const sizes = `SELECT x - base AS y, base, k, m FROM (SELECT x, ('1e' || (d - 1))::pg_catalog.numeric AS base, ${k} AS k, ${m} AS m FROM (${digits} OFFSET 0) AS g OFFSET 0) AS h`;
  const halves = `SELECT k, m, base, pg_catalog.div(y, m) AS l, pg_catalog.mod(y, m) AS r FROM (${sizes} OFFSET 0) AS i`;
  return `CASE WHEN ${value} = 0 THEN ${value} ELSE (SELECT pg_catalog.sign(${value}) * (l * m + r + base) * ('1e-' || pg_catalog.scale(${value}))::pg_catalog.numeric FROM (${permuted(halves, ["base"])}) AS z) END${whole === undefined ? "" : `::pg_catalog.${type}`}`;
}

/** Another day of the same month. Different days stay different. */
function dateMask(value: string): string {
  const days = `SELECT v, pg_catalog.date_trunc('month', v)::pg_catalog.date AS month, pg_catalog.date_part('day', pg_catalog.date_trunc('month', v) + '1 month - 1 day'::pg_catalog.interval)::pg_catalog.int4 AS k FROM (SELECT ${value}::pg_catalog.timestamp AS v OFFSET 0) AS a`;
  const moved = `1 + pg_catalog.mod(${numberOf(digest("month::pg_catalog.text"))}, k - 1)::pg_catalog.int4`;
  return `CASE WHEN pg_catalog.isfinite(${value}) THEN (SELECT month + (v::pg_catalog.date - month + ${moved}) % k FROM (${days} OFFSET 0) AS b) ELSE ${value} END`;
}

/** Another moment of the same month, as exact as the value. Different moments stay different. */
function momentMask(value: string, modifier: number): string {
  const places = modifier < 0 ? 6 : modifier;
  const parts = `SELECT v, pg_catalog.date_trunc('month', v) AS month FROM (SELECT ${value} AS v OFFSET 0) AS a`;
  const sizes = `SELECT month, pg_catalog.date_part('day', month + '1 month - 1 day'::pg_catalog.interval)::pg_catalog.numeric AS k, 86400::pg_catalog.numeric AS m, pg_catalog.floor(EXTRACT(epoch FROM v - month)) AS y, pg_catalog.mod(EXTRACT(microseconds FROM v)::pg_catalog.int8, 1000000)::pg_catalog.numeric AS u FROM (${parts} OFFSET 0) AS b`;
  const halves = `SELECT k, m, month, u, pg_catalog.div(y, m) AS l, pg_catalog.mod(y, m) AS r FROM (${sizes} OFFSET 0) AS c`;
  const step = 10 ** (6 - places);
  const most = 10 ** places - 1;
  const fraction =
    places === 0
      ? "0"
      : `CASE WHEN u = 0 THEN 0 ELSE (pg_catalog.mod(pg_catalog.div(u, ${step}) - 1 + ${numberOf(digest("'fraction ' || (l * m + r)::pg_catalog.text"))}, ${most}) + 1) * ${step} END`;
  return `(SELECT month + (l * m + r)::pg_catalog.float8 * '1 second'::pg_catalog.interval + (${fraction})::pg_catalog.float8 * '1 microsecond'::pg_catalog.interval FROM (${permuted(halves, ["month", "u"])} OFFSET 0) AS z)`;
}

function bytesMask(value: string, { isUnique }: MaskNeeds): string {
  const length = `pg_catalog.octet_length(${value})`;
  const wanted = isUnique
    ? `CASE ${length} WHEN 0 THEN 0 ELSE GREATEST(${length}, ${uniqueLength}) END`
    : length;
  return `(SELECT pg_catalog.substr(pg_catalog.string_agg(pg_catalog.sha256(s.d || pg_catalog.int4send(b)), ''::pg_catalog.bytea ORDER BY b), 1, s.n) FROM (SELECT ${digest(`pg_catalog.encode(${value}, 'hex')`)} AS d, ${wanted} AS n OFFSET 0) AS s, pg_catalog.generate_series(0, s.n / 32) AS b GROUP BY s.n)`;
}

/** Of the same kind (object, array, text, …) and about as long; keys are masked too. */
function jsonMask(value: string, type: string): string {
  const text = `${value}::pg_catalog.text`;
  const word = (less: number) =>
    wordOf(digest(text), `GREATEST(0, pg_catalog.char_length(${text}) - ${less})`);
  return `CASE pg_catalog.jsonb_typeof(${value}::pg_catalog.jsonb) WHEN 'object' THEN pg_catalog.jsonb_build_object('masked', ${word(14)}) WHEN 'array' THEN pg_catalog.jsonb_build_array(${word(4)}) WHEN 'string' THEN pg_catalog.to_jsonb(${word(2)}) WHEN 'number' THEN '0' WHEN 'boolean' THEN 'false' ELSE 'null' END::pg_catalog.${type}`;
}

/** In 10.0.0.0/8 or fd00::/8, which no host of the internet has. */
function addressMask(value: string): string {
  const four = [0, 1, 2].map((at) => `pg_catalog.get_byte(d, ${at})`).join(" || '.' || ");
  const six = [3, 7, 11, 15, 19, 23, 27]
    .map((at) => `pg_catalog.substr(pg_catalog.encode(d, 'hex'), ${at}, 4)`)
    .join(" || ':' || ");
  return `(SELECT CASE pg_catalog.family(${value}) WHEN 4 THEN '10.' || ${four} ELSE 'fd' || pg_catalog.left(pg_catalog.encode(d, 'hex'), 2) || ':' || ${six} END FROM (SELECT ${digest(`pg_catalog.host(${value})`)} AS d OFFSET 0) AS s)::pg_catalog.inet`;
}

/** Characters that a fake keeps as they are: what addresses, numbers and dates are held together by. */
const kept = "@.-_/:+ ,()";

/**
 * As long, with letters for letters, digits for digits, and what holds addresses and numbers together as it is; a value without
 * letters and digits as any text.
 */
export function fakeOf(value: string, needs: MaskNeeds): string {
  const text = `${value}::pg_catalog.text`;
  const byte =
    "pg_catalog.get_byte(pg_catalog.sha256(s.d || pg_catalog.int4send((u.i / 32)::pg_catalog.int4)), (u.i % 32)::pg_catalog.int4)";
  const among = (first: string, last: string) => `u.c COLLATE "C" BETWEEN '${first}' AND '${last}'`;
  const drawn = (first: number, many: number) => `pg_catalog.chr(${first} + ${byte} % ${many})`;
  const character = `CASE WHEN ${among("A", "Z")} THEN ${drawn(65, 26)} WHEN ${among("0", "9")} THEN ${drawn(48, 10)} WHEN pg_catalog.strpos('${kept}', u.c) > 0 THEN u.c ELSE ${drawn(97, 26)} END`;
  const word = `(SELECT pg_catalog.string_agg(${character}, '' ORDER BY u.i) FROM (SELECT ${digest(text)} AS d OFFSET 0) AS s, pg_catalog.string_to_table(${text}, NULL) WITH ORDINALITY AS u(c, i))`;
  return `CASE WHEN ${value} IS NULL THEN NULL WHEN ${text} OPERATOR(pg_catalog.~) '[[:alnum:]]' THEN ${word} ELSE ${textMask(value, needs)} END`;
}

/** An address of a domain that nobody has (RFC 2606). */
export function emailOf(value: string, { limit, foldsCase }: MaskNeeds): string {
  const text = `${value}::pg_catalog.text`;
  const own = Math.min(20, (limit ?? 40) - emailDomain.length);
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE ${wordOf(digest(foldsCase ? `pg_catalog.lower(${text})` : text), String(own))} || '${emailDomain}' END`;
}

export const emailDomain = "@example.com";
