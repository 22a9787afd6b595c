import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createWorld,
  findRelation,
  fold,
  readWorld,
  volatilityOf,
  type World,
} from "../../../src/effects/world/index.ts";
import { Session } from "../../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { parseSql, type ParseNode } from "../../../src/sql/index.ts";

const setup = `
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TYPE span AS RANGE (subtype = float8);
CREATE FUNCTION plain_volatile() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION wraps_now() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()';
CREATE FUNCTION wraps_random() RETURNS double precision LANGUAGE sql AS 'SELECT random()';
CREATE FUNCTION lies() RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT random()';
CREATE FUNCTION nested() RETURNS timestamptz LANGUAGE sql AS 'SELECT wraps_now()';
CREATE FUNCTION nested_random() RETURNS double precision LANGUAGE sql AS 'SELECT wraps_random() + 1';
CREATE FUNCTION in_plpgsql() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
CREATE FUNCTION stable_plpgsql() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION definer() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION with_setting() RETURNS int LANGUAGE sql SET search_path = public AS 'SELECT 1';
CREATE FUNCTION two_statements() RETURNS int LANGUAGE sql AS 'SELECT 1; SELECT 2';
CREATE FUNCTION from_table() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM pg_class';
CREATE FUNCTION with_limit() RETURNS int LANGUAGE sql AS 'SELECT 1 LIMIT 1';
CREATE FUNCTION subquery() RETURNS int LANGUAGE sql AS 'SELECT (SELECT 1)';
CREATE FUNCTION adds(a int) RETURNS int LANGUAGE sql AS 'SELECT a + 1';
CREATE FUNCTION strict_adds(a int, b int) RETURNS int LANGUAGE sql STRICT AS 'SELECT $1 + $2';
CREATE FUNCTION strict_unused(a int, b int) RETURNS int LANGUAGE sql STRICT AS 'SELECT $1';
CREATE FUNCTION strict_coalesce(a int) RETURNS int LANGUAGE sql STRICT AS 'SELECT coalesce($1, 1)';
CREATE FUNCTION returned(a int) RETURNS int RETURN a + 1;
CREATE FUNCTION atomic() RETURNS int BEGIN ATOMIC SELECT 3; END;
CREATE FUNCTION atomic_random() RETURNS double precision BEGIN ATOMIC SELECT random(); END;
CREATE SEQUENCE s;
CREATE TABLE t (id int, name text, at timestamp, atz timestamptz, day date, n numeric, tags text[], j jsonb);
INSERT INTO t (id) VALUES (1);
`;

/** Expressions that may stand as a default; type of the column. */
const defaults: readonly (readonly [string, string])[] = [
  ["int", "1"],
  ["int", "1 + 2"],
  ["timestamptz", "now()"],
  ["timestamptz", "CURRENT_TIMESTAMP"],
  ["date", "CURRENT_DATE"],
  ["text", "CURRENT_USER"],
  ["timestamptz", "now() + interval '1 day'"],
  ["timestamptz", "date_trunc('day', now())"],
  ["timestamp", "(now() AT TIME ZONE 'utc')"],
  ["timestamp", "timezone('utc', now())"],
  ["timestamptz", "clock_timestamp()"],
  ["timestamptz", "statement_timestamp()"],
  ["timestamptz", "transaction_timestamp()"],
  ["text", "timeofday()"],
  ["uuid", "gen_random_uuid()"],
  ["text", "gen_random_uuid()::text"],
  ["double precision", "random()"],
  ["int", "(random() * 10)::int"],
  ["text", "md5(random()::text)"],
  ["text", "md5('x')"],
  ["bigint", "nextval('s')"],
  ["text", "'ID-' || nextval('s')"],
  ["text", "'ID-' || 'x'"],
  ["text[]", "ARRAY[]::text[]"],
  ["text[]", "'{}'"],
  ["double precision[]", "ARRAY[random()]"],
  ["jsonb", "'{}'::jsonb"],
  ["jsonb", "jsonb_build_object('a', now())"],
  ["jsonb", "to_jsonb(1)"],
  ["mood", "'ok'"],
  ["mood", "'ok'::mood"],
  ["text", "'ok'::mood::text"],
  ["int", "(3)::positive"],
  ["span", "span(1, 2)"],
  ["text", "coalesce(NULL, 'x')"],
  ["text", "CASE WHEN random() > 0.5 THEN 'a' ELSE 'b' END"],
  ["text", "to_char(now(), 'YYYY')"],
  ["text", "current_setting('TimeZone')"],
  ["text", "set_config('a.b', 'c', true)"],
  ["double precision", "extract(epoch FROM now())"],
  ["int", "length('abc')"],
  ["text", "format('%s', 1)"],
  ["interval", "age(timestamp '2001-01-01')"],
  ["interval", "age(timestamp '2001-01-01', timestamp '2000-01-01')"],
  ["bigint", "txid_current()"],
  ["text", "pg_catalog.lower('X')"],
  ["xml", "xmlparse(document '<a/>')"],
  ["int", "plain_volatile()"],
  ["timestamptz", "wraps_now()"],
  ["double precision", "wraps_random()"],
  ["double precision", "lies()"],
  ["timestamptz", "nested()"],
  ["double precision", "nested_random()"],
  ["int", "in_plpgsql()"],
  ["int", "stable_plpgsql()"],
  ["int", "definer()"],
  ["int", "with_setting()"],
  ["int", "two_statements()"],
  ["bigint", "from_table()"],
  ["int", "with_limit()"],
  ["int", "subquery()"],
  ["int", "adds(1)"],
  ["int", "public.adds(plain_volatile())"],
  ["int", "adds((random() * 3)::int)"],
  ["int", "strict_adds(1, 2)"],
  ["int", "strict_unused(1, 2)"],
  ["int", "strict_coalesce(1)"],
  ["int", "returned(3)"],
  ["int", "atomic()"],
  ["double precision", "atomic_random()"],
];

/** Expressions over the table's columns. */
const indexed: readonly string[] = [
  "id + 1",
  "lower(name)",
  "name || 'x'",
  "'x' || name",
  "name || id",
  "id || name",
  "at + interval '1 day'",
  "atz + interval '1 day'",
  "day + 1",
  "day::timestamp",
  "day::timestamptz",
  "atz::date",
  "at::date",
  "atz::text",
  "id::text",
  "name::int",
  "name::timestamptz",
  "id::numeric(10,2)",
  "date_trunc('day', at)",
  "date_trunc('day', atz)",
  "date_trunc('day', atz, 'UTC')",
  "atz AT TIME ZONE 'UTC'",
  "extract(year FROM at)",
  "extract(year FROM atz)",
  "to_char(at, 'YYYY')",
  "n::int",
  "tags::text",
  "(j ->> 'a')",
  "concat(name, 'x')",
  "coalesce(name, '')",
  "md5(name)",
  "to_tsvector('english', name)",
  "to_tsvector(name)",
  "adds(id)",
  "returned(id)",
  "at < atz",
  "at < at",
  "day = atz",
  "array_to_string(tags, ',')",
  "array_length(tags, 1)",
  "random() * id",
];

async function expressionNode(text: string): Promise<ParseNode> {
  const [statement] = await parseSql(`SELECT ${text}`, "test");
  const { node } = statement!;
  if (!("SelectStmt" in node)) throw new Error("not a SELECT");
  const target = node.SelectStmt.targetList![0]!;
  if (!("ResTarget" in target)) throw new Error("no target");
  return target.ResTarget.val!;
}

describe.each([14, 16, 18])("volatility as Postgres %i has it", (major) => {
  let scratch: Scratch;
  let session: Session;
  let folded: World;
  let read: World;

  beforeAll(async () => {
    scratch = await startScratch({ major });
    const database = await scratch.createDatabase();
    session = await Session.open({ url: database.url, applicationName: "world-test" });
    await session.batch(setup);
    folded = createWorld({ major, complete: true });
    for (const statement of await parseSql(setup, "setup")) fold(statement, folded);
    read = await readWorld(session);
  }, 60_000);

  afterAll(async () => {
    await session?.close();
    await scratch?.close();
  });

  async function isStored(type: string, text: string): Promise<boolean> {
    await session.query("BEGIN");
    try {
      await session.query(`ALTER TABLE t ADD COLUMN added ${type} DEFAULT ${text}`);
      const { rows } = await session.query<{ stored: boolean }>(
        `SELECT atthasmissing AS stored FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'added'`,
      );
      return rows[0]!.stored;
    } finally {
      await session.query("ROLLBACK");
    }
  }

  /** A default that is not volatile is stored once for all rows instead of being computed for each. */
  test.each(defaults)("DEFAULT %s %s", async (type, text) => {
    const stored = await isStored(type, text);
    const node = await expressionNode(text);
    for (const world of [folded, read]) {
      const volatility = volatilityOf(node, world);
      expect(volatility === "immutable" || volatility === "stable").toBe(stored);
      expect(volatility).not.toBe("unknown");
    }
  });

  /** Only an immutable expression can be indexed. */
  test.each(indexed)("index on %s", async (text) => {
    await session.query("BEGIN");
    const error = await session.query(`CREATE INDEX ON t ((${text}))`).then(
      () => undefined,
      (reason: { code?: string }) => reason.code,
    );
    await session.query("ROLLBACK");
    const node = await expressionNode(text);
    for (const world of [folded, read]) {
      const volatility = volatilityOf(node, world, ["public"], findRelation(world, { name: "t" }));
      expect(error ?? "made").toBe(volatility === "immutable" ? "made" : "42P17");
    }
  });
});

test("what is not known is said to be unknown", async () => {
  const world = createWorld({ major: 18, complete: false });
  const node = await expressionNode("their_function(1) + 1");
  expect(volatilityOf(node, world)).toBe("unknown");
  expect(volatilityOf(await expressionNode("their_function(random())"), world)).toBe("volatile");
});
