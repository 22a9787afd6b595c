import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeType } from "../../src/runtime/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

/** For each type: values at the edge of what it takes, and how queries use it. */
const types: Readonly<
  Record<string, { readonly values: readonly string[]; readonly use?: string }>
> = {
  smallint: { values: ["32767", "-32768"], use: "? % 2 < 9" },
  integer: { values: ["2147483646", "-2147483648"], use: "? % 2 < 9" },
  bigint: { values: ["9223372036854775806"], use: "? % 2 < 9" },
  real: { values: ["0.1", "3.25e+30"], use: "? / 2 > 0" },
  "double precision": { values: ["0.12345678901234", "1e+300"], use: "? / 2 > 0" },
  numeric: { values: ["123456789012345678901234567890.123456789"], use: "? / 2 > 0" },
  "numeric(12,2)": { values: ["9999999999.99", "0.01"], use: "? / 2 > 0" },
  "numeric(14,2)": { values: ["999999999999.99"], use: "? / 2 > 0" },
  "numeric(16,4)": { values: ["999999999999.9999"], use: "? / 2 > 0" },
  "numeric(8,0)": { values: ["99999999"], use: "? / 2 > 0" },
  text: { values: ["a text", "x".repeat(500), ""], use: "? ILIKE 'x%'" },
  "character varying": { values: ["a text", "x".repeat(500)], use: "? ILIKE 'x%'" },
  "character varying(40)": { values: ["x".repeat(40)], use: "? ILIKE 'x%'" },
  "character varying(120)": { values: ["x".repeat(120)], use: "? ILIKE 'x%'" },
  "character(8)": { values: ["x".repeat(8), "short"], use: "? ILIKE 'x%'" },
  "character(4)": { values: ["x".repeat(4), "a"], use: "? ILIKE 'x%'" },
  "public.citext": { values: ["Mixed"], use: "? = 'MIXED'" },
  boolean: { values: ["t", "f"], use: "?" },
  uuid: { values: ["00000000-0000-4000-8000-000000000001"], use: "? <> gen_random_uuid()" },
  date: { values: ["2024-02-29"], use: "? < CURRENT_DATE" },
  "timestamp with time zone": { values: ["2024-01-02 03:04:05.123456+00"], use: "? < now()" },
  "timestamp(3) with time zone": { values: ["2024-01-02 03:04:05.123+00"], use: "? < now()" },
  "timestamp without time zone": {
    values: ["2024-01-02 03:04:05.123456"],
    use: "? < localtimestamp",
  },
  "timestamp(0) without time zone": { values: ["2024-01-02 03:04:05"], use: "? < localtimestamp" },
  "time without time zone": { values: ["03:04:05.123456"], use: "? < localtime" },
  "time(0) without time zone": { values: ["03:04:05"], use: "? < localtime" },
  "time with time zone": { values: ["03:04:05.123456+02"], use: "? < CURRENT_TIME" },
  interval: { values: ["1 day 02:03:04.123456"], use: "now() + ? > now()" },
  "interval(0)": { values: ["1 day 02:03:04"], use: "now() + ? > now()" },
  json: { values: ['{"b": 1, "a": 2, "a": 3}'], use: "json_typeof(?) = 'object'" },
  jsonb: { values: ['{"a": 2, "b": 1}'], use: "? @> '{}'::jsonb" },
  bytea: { values: ["\\x01ff"], use: "octet_length(?) > 0" },
  inet: { values: ["10.0.0.1/8", "::1"], use: "? <<= inet '10.0.0.0/8'" },
  cidr: { values: ["10.0.0.0/8"], use: "? <<= inet '10.0.0.0/8'" },
  macaddr: { values: ["08:00:2b:01:02:03"], use: "trunc(?) IS NOT NULL" },
  money: { values: ["$12.34"], use: "? > 0::money" },
  "bit(3)": { values: ["101"], use: "? & B'111' = B'101'" },
  "bit varying(5)": { values: ["10101"], use: "? || B'1' IS NOT NULL" },
  tsvector: { values: ["'a' 'b'"], use: "? @@ 'a'::tsquery" },
  xml: { values: ["<a>1</a>"], use: "? IS DOCUMENT" },
  point: { values: ["(1,2)"], use: "? <@ box '((0,0),(9,9))'" },
  int4range: { values: ["[1,5)"], use: "? @> 2" },
  oid: { values: ["4294967295"], use: "? > 0::oid" },
  name: { values: ["a_name"], use: "? <> 'x'" },
  "public.mood": { values: ["sad", "ok"], use: "? <> 'sad'::public.mood" },
  "public.other": { values: ["sad", "ok"], use: "? <> 'sad'::public.other" },
  "text[]": { values: ['{a,"b c"}', `{${"x".repeat(99)}}`], use: "'a' = ANY (?)" },
  "character varying(40)[]": { values: [`{${"x".repeat(40)}}`], use: "'a' = ANY (?)" },
  "integer[]": { values: ["{1,2147483647}"], use: "1 = ANY (?)" },
  "bigint[]": { values: ["{1,9223372036854775807}"], use: "1 = ANY (?)" },
  "smallint[]": { values: ["{1,32767}"], use: "1 = ANY (?)" },
  "public.mood[]": { values: ["{sad,ok}"], use: "'sad'::public.mood = ANY (?)" },
};

/** Judged as errors although these statements work: what else the code may do with them is not known. */
const cautious: ReadonlySet<string> = new Set([
  "bigint -> numeric",
  "bit varying(5) -> character varying",
  "bit varying(5) -> character varying(120)",
  "bit varying(5) -> character varying(40)",
  "bit varying(5) -> character(8)",
  "bit varying(5) -> name",
  "bit varying(5) -> public.citext",
  "bit varying(5) -> text",
  "bit(3) -> bit varying(5)",
  "character varying(40) -> name",
  "character(4) -> name",
  "character(8) -> name",
  "cidr -> inet",
  "name -> character varying",
  "name -> character varying(120)",
  "name -> character varying(40)",
  "name -> character(8)",
  "name -> public.citext",
  "name -> text",
  "numeric(8,0) -> bigint",
]);

const names = Object.keys(types);
const raw = { getTypeParser: () => (value: unknown) => value as string };
const parse = pg.types.getTypeParser as (oid: number, format: "text") => (raw: string) => unknown;

let scratch: Scratch;
let client: pg.Client;

beforeAll(async () => {
  scratch = await startScratch();
  const { url } = await scratch.createDatabase();
  client = new pg.Client(url);
  await client.connect();
  const columns = names.map((type, at) => `c${at} ${type}`);
  await client.query(`CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE other AS ENUM ('sad', 'ok');
    CREATE TABLE every (${columns.join(", ")})`);
});

afterAll(async () => {
  await client.end();
  await scratch.close();
});

/** What a driver gives back for a value written into a column of another type; an error when it cannot be written. */
async function through(value: string, live: string, use: string | undefined): Promise<string> {
  const column = `c${names.indexOf(live)}`;
  await client.query("BEGIN");
  try {
    const { rows, fields } = await client.query({
      text: `INSERT INTO every (${column}) VALUES ($1) RETURNING ${column}`,
      values: [value],
      rowMode: "array",
      types: raw,
    });
    const text = (rows[0] as string[])[0]!;
    const parsed = parse(fields[0]!.dataTypeID, "text")(text);
    const kind = Array.isArray(parsed)
      ? `array of ${typeof parsed[0]}`
      : parsed instanceof Date || Buffer.isBuffer(parsed)
        ? parsed.constructor.name
        : typeof parsed;
    const used =
      use === undefined
        ? ""
        : await client.query(`SELECT bool_or(${use.replaceAll("?", column)}) AS u FROM every`);
    const answer = used === "" ? "" : String((used.rows[0] as { u: unknown }).u);
    // How many zeros or blanks follow is told by a warning, not by an error.
    const plain = /^-?\d+\.\d+$/.test(text) ? text.replace(/\.?0+$/, "") : text.trimEnd();
    return `${kind} ${plain} ${answer}`;
  } catch (error) {
    return `fails: ${(error as Error).message}`;
  } finally {
    await client.query("ROLLBACK");
  }
}

describe("types that meet others", () => {
  it("are judged harmless only when every statement works, and harmful when one does not", async () => {
    const missed: string[] = [];
    const shy: string[] = [];
    for (const expected of names)
      for (const live of names) {
        const verdict = judgeType(expected, live);
        const { values, use } = types[expected]!;
        let broken: string | undefined;
        for (const value of values) {
          const right = await through(value, expected, use);
          expect(right, `${expected} itself`).not.toContain("fails");
          const found = await through(value, live, use);
          if (found !== right) broken ??= `${value}: ${found}, not ${right}`;
        }
        if (broken !== undefined && verdict?.severity !== "error")
          missed.push(`${expected} -> ${live}: ${broken}`);
        if (broken === undefined && verdict?.severity === "error")
          shy.push(`${expected} -> ${live}`);
      }
    expect(missed).toEqual([]);
    expect(new Set(shy)).toEqual(cautious);
  });
});
