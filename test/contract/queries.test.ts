import { beforeAll, describe, expect, it } from "vitest";
import { queryFileText, recordedQueries } from "../../src/contract/index.ts";
import { readQueries } from "../../src/contract/query-file.ts";
import { resolveQuery } from "../../src/contract/query-resolve.ts";
import { textOfQuery } from "../../src/contract/query-text.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch } from "../../src/scratch/index.ts";
import { loadParser } from "../../src/sql/index.ts";
import type { MigrationFolder } from "../../src/tools/index.ts";

beforeAll(loadParser);

describe("a statement without its values", () => {
  it.each<[name: string, sent: string, kept: string, types?: readonly (string | null)[]]>([
    [
      "numbers and texts",
      "select 1, -2.5, 'a', E'b\\'c' from t -- d",
      "select $1, $2, $3, $4 from t",
      ["integer", "numeric", null, null],
    ],
    [
      "large numbers",
      "select 12345678901, 123456789012345678901",
      "select $1, $2",
      ["bigint", "numeric"],
    ],
    [
      "equal values once",
      "select date_trunc('day', x) from t group by date_trunc('day', x)",
      "select date_trunc($1, x) from t group by date_trunc($1, x)",
    ],
    [
      "parameters in their order",
      "select * from t where a = $2 and b = $1 and c = 'x'",
      "select * from t where a = $1 and b = $2 and c = $3",
    ],
    [
      "lists as one",
      "select * from t where a in (1, 2, 3) and b in ($1, $2)",
      "select * from t where a in ($1) and b in ($2)",
      ["integer", null],
    ],
    [
      "rows as one",
      "insert into t (a, b) values ($1, default), ($2, default), ($3, default)",
      "insert into t (a, b) values ($1, default)",
    ],
    [
      "rows that differ",
      "insert into t (a, b) values (1, now()), (2, default)",
      "insert into t (a, b) values ($1, now()), ($2, default)",
      ["integer", "integer"],
    ],
    [
      "types before texts",
      "select interval '1 day', date '2024-01-01'",
      "select CAST($1 AS interval), CAST($2 AS date)",
    ],
    [
      "lengths and positions stay",
      "select a::numeric(10, 2), extract(epoch from b) from t group by 1 order by 2",
      "select a::numeric(10, 2), extract(epoch from b) from t group by 1 order by 2",
    ],
    [
      "conditions of arbiters stay",
      "insert into t (a) values (1) on conflict (a) where b > 0 do nothing",
      "insert into t (a) values ($1) on conflict (a) where b > 0 do nothing",
      ["integer"],
    ],
    [
      "indentation and comments",
      "\n   select a /* b */\n     from t\n     where c = 'ä'\n  ",
      "select a\nfrom t\nwhere c = $1",
    ],
  ])("%s", (_, sent, kept, types) => {
    const text = textOfQuery(sent);
    expect(text.sql).toBe(kept);
    if (types !== undefined) expect(text.types).toEqual(types);
  });
});

it("a file of queries is read as it was written, and what people write has its own place", async () => {
  const queries = [
    { sql: "SELECT $1", types: ["integer"], from: ["src/a.ts:1", "src/b.ts:22"] },
    { sql: "SELECT a\nFROM t\nWHERE b = $1 AND c = $2", types: [null, null], from: ["src/c.ts:3"] },
  ];
  expect(await readQueries(queryFileText(queries, "npm test"), "q.sql")).toEqual(queries);
  expect(await readQueries("-- name: Get :one\nSELECT * FROM t WHERE a = $1;", "q.sql")).toEqual([
    { sql: "SELECT * FROM t WHERE a = $1", types: [null], from: ["q.sql:2"] },
  ]);
});

const schema = `CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE customers (id serial PRIMARY KEY, email text NOT NULL UNIQUE, name text);
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, customer integer NOT NULL REFERENCES customers,
  state shop.state NOT NULL DEFAULT 'new', total numeric(12,2) NOT NULL, note text);
CREATE VIEW shop.open AS SELECT id, total FROM shop.orders WHERE state = 'new';
CREATE FUNCTION shop.sum_of(c integer) RETURNS numeric LANGUAGE sql STABLE AS $$ SELECT sum(total) FROM shop.orders WHERE customer = c $$;`;

const folder = {
  path: "migrations",
  tool: "sql",
  migrations: [{ id: "1", file: "1.sql", sql: schema }],
} as unknown as MigrationFolder;

describe.each([14, 18])("what a statement needs, as Postgres %i says it", (major) => {
  it("for each form of a statement", async () => {
    await using scratch = await startScratch({ major });
    const { url } = await scratch.createDatabase();
    await using session = await Session.open({ url, applicationName: "test" });
    await session.batch(schema);
    const needs = async (sql: string) => {
      const found = await resolveQuery({ sql, types: [], from: [] }, session);
      if ("refused" in found) return [`${found.sqlstate} ${found.refused}`];
      return [
        ...found.tables.flatMap(({ relation, columns, access }) => [
          `${relation} ${[...access].join("+")}: ${[...columns].sort().join(" ")}`,
        ]),
        ...found.functions,
        ...found.typeNames.filter((name) => name.startsWith("shop.")),
      ].sort();
    };
    expect(await needs("SELECT * FROM customers")).toEqual([
      "public.customers select: email id name",
    ]);
    expect(
      await needs(
        "SELECT c.name AS n FROM customers c JOIN shop.orders o ON o.customer = c.id WHERE o.total > $1",
      ),
    ).toEqual(["public.customers select: id name", "shop.orders select: customer total"]);
    expect(
      await needs(
        "WITH paid AS (SELECT * FROM shop.orders WHERE state = 'paid') SELECT count(*), (SELECT max(email) FROM customers) FROM paid",
      ),
    ).toEqual([
      "public.customers select: email",
      "shop.orders select: customer id note state total",
      "shop.state",
    ]);
    expect(await needs("SELECT id FROM shop.open")).toEqual(["shop.open select: id"]);
    expect(await needs("SELECT shop.sum_of(id) FROM customers")).toEqual([
      "public.customers select: id",
      "shop.sum_of(integer)",
    ]);
    expect(await needs("INSERT INTO customers VALUES (DEFAULT, $1)")).toEqual([
      "public.customers insert: email id",
    ]);
    expect(
      await needs(
        "INSERT INTO customers (email) VALUES ($1) ON CONFLICT (email) DO UPDATE SET name = excluded.email",
      ),
    ).toEqual(["public.customers select+insert+update: email name"]);
    expect(await needs("UPDATE shop.orders SET state = $1 WHERE id = $2 RETURNING total")).toEqual([
      "shop.orders select+update: id state total",
      "shop.state",
    ]);
    expect(
      await needs(
        "WITH gone AS (DELETE FROM shop.orders WHERE id = $1 RETURNING note) SELECT note FROM gone",
      ),
    ).toEqual(["shop.orders select+delete: id note"]);
    expect(
      await needs("INSERT INTO customers (email) VALUES ($1) ON CONFLICT (name) DO NOTHING"),
    ).toEqual([
      "42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification",
    ]);
    expect(await needs("SELECT nothing FROM customers")).toEqual([
      '42703 column "nothing" does not exist',
    ]);
    if (major >= 15)
      expect(
        await needs(
          "MERGE INTO customers c USING shop.orders o ON c.id = o.customer WHEN MATCHED THEN UPDATE SET name = o.note WHEN NOT MATCHED THEN INSERT (email) VALUES (o.note)",
        ),
      ).toEqual([
        "public.customers select+update+insert: email id name",
        "shop.orders select: customer note",
      ]);
  });
});

it("keeps of what was heard what the code asks of the schema, each once", async () => {
  await using scratch = await startScratch();
  const heard = [
    { sql: "BEGIN", places: [] },
    { sql: "SELECT * FROM customers WHERE email = 'a@example.org'", places: ["src/b.ts:10"] },
    { sql: "SELECT * FROM customers WHERE email = 'b@example.org'", places: ["src/b.ts:9"] },
    {
      sql: "SELECT 1; UPDATE shop.orders SET state = 'paid', note = 'secret' WHERE id = 7",
      places: [],
    },
    { sql: "SELECT * FROM made_by_a_test", places: ["test/a.ts:1"] },
    { sql: "SELECT nextval('customers_id_seq')", places: [] },
    { sql: "SELECT relname FROM pg_class", places: [] },
    { sql: "SELECT FROM WHERE", places: [] },
  ];
  const { queries, leftOut } = await recordedQueries(heard, folder, scratch);
  expect(queries).toEqual([
    {
      sql: "SELECT * FROM customers WHERE email = $1",
      types: [null],
      from: ["src/b.ts:9", "src/b.ts:10"],
    },
    { sql: "SELECT nextval('customers_id_seq')", types: [], from: [] },
    {
      sql: "UPDATE shop.orders SET state = 'paid', note = $1 WHERE id = $2",
      types: [null, "integer"],
      from: [],
    },
  ]);
  expect(leftOut).toEqual([
    { sql: "SELECT * FROM made_by_a_test", why: 'relation "made_by_a_test" does not exist' },
  ]);
});
