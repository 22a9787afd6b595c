import { expect, test } from "vitest";
import type { Effect } from "../../../../src/effects/effect.ts";
import { predict } from "../../../../src/effects/predict/predict.ts";
import { createWorld, fold, type World } from "../../../../src/effects/world/index.ts";
import { parseSql } from "../../../../src/sql/index.ts";
import { idsOf, sessionWith } from "./world-before.ts";

async function worldOf(sql: string, complete = true, major = 18): Promise<World> {
  const world = createWorld({ major, complete });
  for (const statement of await parseSql(sql, "schema.sql")) fold(statement, world);
  return world;
}

async function effectOf(
  world: World,
  sql: string,
  options: { readonly existing?: ReadonlySet<number>; readonly timezone?: string | undefined } = {},
): Promise<Effect> {
  const [statement] = await parseSql(sql, "migration.sql");
  const { timezone = "UTC", existing = idsOf(world) } = options;
  const session = sessionWith(new Map([["timezone", timezone]]));
  return predict({ statement: statement!, world, existing, session });
}

const schema = `
  CREATE TABLE orgs (id bigint PRIMARY KEY);
  CREATE TABLE users (id bigint PRIMARY KEY, org_id bigint CONSTRAINT users_org_fk REFERENCES orgs, at timestamp, n integer);
  CREATE INDEX users_at_idx ON users (at)`;

test("a table that an incomplete catalog lacks is unknown, one that a complete catalog lacks is an error", async () => {
  const sql = "ALTER TABLE shops ADD COLUMN name text";
  const incomplete = await effectOf(await worldOf(schema, false), sql);
  expect(incomplete.failures).toEqual([]);
  expect(incomplete.unknown).toHaveLength(1);
  const complete = await effectOf(await worldOf(schema), sql);
  expect(complete.unknown).toEqual([]);
  expect(complete.failures).toMatchObject([{ when: "always", sqlState: "42P01" }]);
});

test("IF EXISTS on a table that an incomplete catalog lacks is unknown too", async () => {
  const sql = "ALTER TABLE IF EXISTS shops ADD COLUMN name text";
  expect((await effectOf(await worldOf(schema, false), sql)).unknown).toHaveLength(1);
  expect((await effectOf(await worldOf(schema), sql)).unknown).toEqual([]);
});

test("a column of a type that is not known may be one of a constrained domain", async () => {
  const effect = await effectOf(
    await worldOf(schema, false),
    "ALTER TABLE users ADD COLUMN place geography",
  );
  expect(effect.unknown.length).toBeGreaterThan(0);
});

test("a default from a function that is not known may be volatile", async () => {
  const effect = await effectOf(
    await worldOf(schema, false),
    "ALTER TABLE users ADD COLUMN key text DEFAULT make_key()",
  );
  expect(effect.unknown.length).toBeGreaterThan(0);
});

test("timestamp to timestamptz hangs on the time zone of the session", async () => {
  const sql = "ALTER TABLE users ALTER COLUMN at TYPE timestamptz";
  const world = await worldOf(schema);
  const utc = await effectOf(world, sql);
  expect(utc.work.map(({ kind }) => kind)).toEqual(["index-build"]);
  const berlin = await effectOf(world, sql, { timezone: "Europe/Berlin" });
  expect(berlin.work.map(({ kind }) => kind)).toContain("rewrite");
  const [statement] = await parseSql(sql, "migration.sql");
  const session = { ...sessionWith(), settings: new Map<string, string>() };
  const unset = predict({ statement: statement!, world, existing: idsOf(world), session });
  expect(unset.unknown).toHaveLength(1);
  expect(unset.work.map(({ kind }) => kind)).toContain("rewrite");
});

test("a table that the file itself made is neither locked nor scanned nor refused by rows", async () => {
  const world = await worldOf(schema);
  const orgs = world.relations.get("public.orgs")!.id;
  const effect = await effectOf(world, "ALTER TABLE users ALTER COLUMN n SET NOT NULL", {
    existing: new Set([orgs]),
  });
  expect(effect).toEqual({ locks: [], work: [], failures: [], breaks: [], unknown: [] });
});

test("a new table's foreign key still locks the old table that it references", async () => {
  const world = await worldOf(schema);
  const orgs = world.relations.get("public.orgs")!.id;
  const effect = await effectOf(world, "ALTER TABLE users DROP CONSTRAINT users_org_fk", {
    existing: new Set([orgs]),
  });
  expect(effect.locks).toEqual([
    {
      relation: "public.orgs",
      kind: "table",
      mode: "AccessExclusive",
      role: "foreign-key-parent",
    },
  ]);
});

test("syntax of a newer Postgres is an error on an older one", async () => {
  const world = await worldOf(schema, true, 16);
  for (const sql of [
    "ALTER TABLE users ADD COLUMN m integer GENERATED ALWAYS AS (n * 2) VIRTUAL",
    "ALTER TABLE users ADD CONSTRAINT there NOT NULL n",
    "ALTER TABLE users ADD CONSTRAINT positive CHECK (n > 0) NOT ENFORCED",
  ])
    expect((await effectOf(world, sql)).failures).toMatchObject([
      { when: "always", sqlState: "42601" },
    ]);
});

test("a policy stands in the way of a column's type where it uses the column", async () => {
  const world = await worldOf(`${schema}; CREATE POLICY own ON users USING (n > 0)`);
  const used = await effectOf(world, "ALTER TABLE users ALTER COLUMN n TYPE bigint");
  expect(used.failures).toMatchObject([{ when: "always", sqlState: "0A000" }]);
  const other = await effectOf(world, "ALTER TABLE users ALTER COLUMN org_id TYPE integer");
  expect(other.failures.filter(({ when }) => when === "always")).toEqual([]);
});

test("DETACH CONCURRENTLY is refused in a transaction block", async () => {
  const world = await worldOf(`
    CREATE TABLE logs (at date) PARTITION BY RANGE (at);
    CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`);
  const effect = await effectOf(world, "ALTER TABLE logs DETACH PARTITION logs_1 CONCURRENTLY");
  expect(effect.failures).toMatchObject([{ when: "in-transaction", sqlState: "25001" }]);
  expect(effect.locks.map(({ relation, mode }) => [relation, mode])).toEqual([
    ["public.logs", "ShareUpdateExclusive"],
    ["public.logs_1", "AccessExclusive"],
  ]);
});

test("an index that the same file has made is built, not made again, when its table is written anew", async () => {
  const world = await worldOf(schema);
  const existing = idsOf(world);
  for (const statement of await parseSql("CREATE INDEX users_n_idx ON users (n)", "migration.sql"))
    fold(statement, world);
  const { work } = await effectOf(world, "ALTER TABLE users ALTER COLUMN n TYPE bigint", {
    existing,
  });
  const builds = work.filter((each) => each.kind === "index-build");
  expect(Object.fromEntries(builds.map(({ index, again }) => [index, again]))).toEqual({
    "public.users_pkey": true,
    "public.users_at_idx": true,
    "public.users_n_idx": false,
  });
});
