import { afterAll, beforeAll, expect, it } from "vitest";
import { findKey, readBackfill } from "../../src/backfill/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { jobOn, workOn } from "./support.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

/** 300 keys of a type, as SQL over `n`. */
const keys: readonly (readonly [string, string, string?])[] = [
  ["integer", "n * 3 - 100"],
  ["bigint", "9007199254740993 + n"],
  ["smallint", "n"],
  ["numeric", "(n / 7.0)::numeric(30, 20)"],
  ["double precision", "1e15 + n / 8.0"],
  [
    "double precision",
    "CASE n WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' WHEN 3 THEN '-Infinity' ELSE (n / 3.0)::text END::float8",
  ],
  ["real", "(n / 3.0)::real"],
  ["text", "CASE n % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'B' ELSE 'é' END || chr(64 + n % 60) || n"],
  ['text COLLATE "und-x-icu"', "CASE n % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'B' ELSE 'é' END || n"],
  ["text COLLATE folding", "'Name ' || n"],
  ["text", `repeat('''"\\,{}', n % 4) || n`],
  ["char(8)", "'x' || n"],
  ["varchar(20)", "md5(n::text)::varchar(20)"],
  ["uuid", "md5(n::text)::uuid"],
  ["bytea", "decode(md5(n::text), 'hex')"],
  ["timestamptz", "'2026-01-01'::timestamptz + n * interval '1.000001 second'"],
  ["timestamp", "'2026-01-01'::timestamp + n * interval '1 microsecond'"],
  [
    "timestamptz",
    "CASE n WHEN 1 THEN '-infinity' WHEN 2 THEN '0044-03-15 BC' ELSE ('2026-01-01'::timestamptz + n * interval '1 day')::text END::timestamptz",
  ],
  ["date", "'0001-01-01'::date + n"],
  ["time", "'00:00'::time + n * interval '1 millisecond'"],
  ["interval", "n * interval '31 days 0.000001 second'"],
  ["inet", "'10.0.0.0'::inet + n"],
  ["macaddr", "('08:00:2b:01:02:' || lpad(to_hex(n % 256), 2, '0'))::macaddr", "256"],
  ["boolean", "n = 1", "2"],
  ["mood", "CASE n WHEN 1 THEN 'sad' WHEN 2 THEN 'ok, \"fine\"' ELSE 'happy' END::mood", "3"],
  ["positive", "n"],
  ["pair", "ROW(n, 'x,(' || n)::pair"],
  ["integer[]", "ARRAY[n, -n]"],
  ["int4range", "int4range(n, n + 2)"],
  ["jsonb", `jsonb_build_object('n', n, 'q', '"')`],
  ["bit(12)", "n::bit(12)"],
  ["oid", "n::oid"],
  ["pg_lsn", "('0/' || to_hex(n))::pg_lsn"],
  ["name", "('n' || n)::name"],
];

it.each(keys)(
  "T20, T21: goes through keys of type %s, whatever the collation and what clients make of values: %s",
  async (type, value, count = "300") => {
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "set-up" });
    for (const statement of [
      "SET client_min_messages = warning",
      "CREATE TYPE mood AS ENUM ('sad', 'ok, \"fine\"', 'happy')",
      "CREATE DOMAIN positive AS bigint CHECK (VALUE > 0)",
      "CREATE TYPE pair AS (a integer, b text)",
      "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
      `CREATE TABLE t (k ${type} PRIMARY KEY, filled boolean NOT NULL DEFAULT false, passes integer NOT NULL DEFAULT 0)`,
      `INSERT INTO t (k) SELECT ${value} FROM generate_series(1, ${count}) n`,
      "ANALYZE t",
    ])
      await session.query(statement);
    const job = await jobOn(session, '"public"."t"', { set: "filled = true, passes = passes + 1" });
    // Cursors must not hang on how the database's sessions are set.
    const { rows } = await session.query("SELECT quote_ident(current_database()) AS name");
    for (const setting of [
      "DateStyle = 'German'",
      "IntervalStyle = 'iso_8601'",
      "extra_float_digits = -3",
      "bytea_output = 'escape'",
    ])
      await session.query(`ALTER DATABASE ${String(rows[0]?.["name"])} SET ${setting}`);
    expect(await workOn(url, job)).toBe("done");
    expect(await session.queryArrays("SELECT passes, count(*)::integer FROM t GROUP BY 1")).toEqual(
      [[1, Number(count)]],
    );
    expect(await readBackfill(session, job.id)).toMatchObject({
      passed: Number(count),
      changed: Number(count),
      estimate: Number(count),
    });
  },
);

it("goes through keys of several columns, odd names, in the order of the index", async () => {
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "set-up" });
  for (const statement of [
    'CREATE SCHEMA "My Shop"',
    'CREATE TABLE "My Shop"."Order ""Items""" (filled boolean NOT NULL DEFAULT false, "Line No" integer, "order" uuid, PRIMARY KEY ("order", "Line No"))',
    `INSERT INTO "My Shop"."Order ""Items""" ("order", "Line No") SELECT md5((n / 5)::text)::uuid, n % 5 FROM generate_series(1, 400) n`,
  ])
    await session.query(statement);
  const table = '"My Shop"."Order ""Items"""';
  const job = await jobOn(session, table);
  expect(job.key?.columns.map(({ name }) => name)).toEqual(["order", "Line No"]);
  expect(await workOn(url, job)).toBe("done");
  expect(
    await session.queryArrays(`SELECT count(*)::integer FROM ${table} WHERE NOT filled`),
  ).toEqual([[0]]);
});

it("goes through the partitions of a table", async () => {
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "set-up" });
  for (const statement of [
    "CREATE TABLE t (k integer PRIMARY KEY, filled boolean NOT NULL DEFAULT false) PARTITION BY HASH (k)",
    "CREATE TABLE t0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
    "CREATE TABLE t1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
    "INSERT INTO t SELECT generate_series(1, 300)",
    "ANALYZE t",
  ])
    await session.query(statement);
  const job = await jobOn(session, '"public"."t"');
  expect(await workOn(url, job)).toBe("done");
  expect(await session.queryArrays("SELECT count(*)::integer FROM t WHERE NOT filled")).toEqual([
    [0],
  ]);
  expect((await readBackfill(session, job.id))?.estimate).toBe(300);
});

it.each([
  ["the primary key", "CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL UNIQUE)", "t_pkey"],
  [
    "a unique index of fewest columns",
    "CREATE TABLE t (a int NOT NULL, b int NOT NULL, c int NOT NULL, UNIQUE (a, b), UNIQUE (c))",
    "t_c_key",
  ],
  ["no index over NULLs", "CREATE TABLE t (a int, UNIQUE (a))", undefined],
  [
    "no index that is partial",
    "CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX ON t (a) WHERE a > 0",
    undefined,
  ],
  [
    "no index of an expression",
    "CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX ON t (abs(a))",
    undefined,
  ],
  [
    "no index that runs backwards",
    "CREATE TABLE t (a int NOT NULL); CREATE UNIQUE INDEX ON t (a DESC)",
    undefined,
  ],
  [
    "no constraint that is checked later",
    "CREATE TABLE t (a int NOT NULL UNIQUE DEFERRABLE)",
    undefined,
  ],
  [
    "no index of another collation",
    'CREATE TABLE t (a text NOT NULL); CREATE UNIQUE INDEX ON t (a COLLATE "C")',
    undefined,
  ],
  [
    "no key of a table that others inherit from",
    "CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE heir () INHERITS (t)",
    undefined,
  ],
  [
    "a key with included columns",
    "CREATE TABLE t (a int, b int, PRIMARY KEY (a) INCLUDE (b))",
    "t_pkey",
  ],
])("T22: takes %s", async (_, sql, index) => {
  const { url } = await scratch.createDatabase();
  await using session = await Session.open({ url, applicationName: "set-up" });
  await session.batch(sql);
  if (index === undefined) expect(await findKey(session, '"public"."t"')).toBeNull();
  else expect(await findKey(session, '"public"."t"')).toMatchObject({ index });
});
