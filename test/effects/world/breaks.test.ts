import { describe, expect, test } from "vitest";
import {
  breaksBetween,
  breaksOf,
  copyWorld,
  createWorld,
  fold,
  objectsOf,
  recordChanges,
} from "../../../src/effects/world/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

const before = `
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE users (id bigint PRIMARY KEY, full_name varchar(50), email text NOT NULL, age smallint, m mood,
  amount numeric(10, 2), at timestamptz(3) DEFAULT now(), tags text[]);
CREATE TABLE orders (id serial PRIMARY KEY, user_id bigint REFERENCES users, "Odd Name" int);
CREATE INDEX orders_user ON orders (user_id);
CREATE VIEW active AS SELECT id, email, age FROM users;
CREATE FUNCTION total(user_id bigint) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT 1.0';
CREATE SCHEMA archive;
`;

/** Statements and the breaks that they make: `object how [to]`. */
const cases: readonly (readonly [string, readonly string[]])[] = [
  ["ALTER TABLE users DROP COLUMN full_name", ["public.users.full_name dropped"]],
  [
    "ALTER TABLE users RENAME full_name TO name",
    ["public.users.full_name renamed public.users.name"],
  ],
  ['ALTER TABLE orders DROP COLUMN "Odd Name"', ['public.orders."Odd Name" dropped']],
  ["ALTER TABLE users RENAME TO people", ["public.users renamed public.people"]],
  ["ALTER TABLE users SET SCHEMA archive", ["public.users moved archive.users"]],
  ["DROP TABLE orders", ["public.orders dropped"]],
  ["DROP TABLE users CASCADE", ["public.active dropped", "public.users dropped"]],
  ["ALTER TABLE users ALTER full_name TYPE varchar(80)", []],
  ["ALTER TABLE users ALTER full_name TYPE text", []],
  [
    "ALTER TABLE users ALTER full_name TYPE varchar(10)",
    ["public.users.full_name narrowed varchar(10)"],
  ],
  ["ALTER TABLE users ALTER tags TYPE varchar(10)[]", ["public.users.tags narrowed varchar(10)[]"]],
  ["ALTER TABLE users ALTER amount TYPE numeric(12, 2)", []],
  ["ALTER TABLE users ALTER amount TYPE numeric(12, 4)", []],
  [
    "ALTER TABLE users ALTER amount TYPE numeric(10, 4)",
    ["public.users.amount narrowed numeric(10,4)"],
  ],
  ["ALTER TABLE users ALTER amount TYPE numeric", []],
  ["ALTER TABLE users ALTER at TYPE timestamptz(0)", []],
  ["ALTER TABLE users ALTER at TYPE timestamp", ["public.users.at retyped timestamp"]],
  ["ALTER TABLE orders ALTER user_id TYPE int", ["public.orders.user_id retyped int4"]],
  ["ALTER TABLE users ALTER age TYPE positive", ["public.users.age retyped public.positive"]],
  ["ALTER TABLE users ALTER age SET NOT NULL", ["public.users.age not-null"]],
  ["ALTER TABLE users ALTER email DROP NOT NULL", []],
  ["ALTER TABLE users ALTER at DROP DEFAULT", ["public.users.at default-dropped"]],
  ["ALTER TABLE users ALTER at SET DEFAULT '2020-01-01'", []],
  ["ALTER TABLE users ADD COLUMN extra int", []],
  ["ALTER TABLE users ADD COLUMN extra int NOT NULL DEFAULT 1", []],
  ["ALTER TABLE users ADD COLUMN extra int NOT NULL", ["public.users.extra required"]],
  ["ALTER TABLE users ADD COLUMN extra serial", []],
  ["ALTER TABLE users ADD COLUMN extra int NOT NULL GENERATED ALWAYS AS IDENTITY", []],
  ["ALTER TABLE orders ALTER id DROP DEFAULT", ["public.orders.id default-dropped"]],
  [
    "ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
    ["public.mood.sad enum-value-renamed public.mood.blue"],
  ],
  ["ALTER TYPE mood ADD VALUE 'great'", []],
  ["ALTER TYPE mood RENAME TO feeling", ["public.mood renamed public.feeling"]],
  ["DROP TYPE mood CASCADE", ["public.mood dropped", "public.users.m dropped"]],
  ["DROP VIEW active", ["public.active dropped"]],
  ["CREATE OR REPLACE VIEW active AS SELECT id, email, age, m FROM users", []],
  ["DROP FUNCTION total", ["public.total dropped"]],
  [
    "CREATE OR REPLACE FUNCTION total(user_id bigint) RETURNS numeric LANGUAGE sql AS 'SELECT 2.0'",
    [],
  ],
  ["ALTER FUNCTION total(bigint) RENAME TO sum_of", ["public.total renamed public.sum_of"]],
  ["DROP INDEX orders_user", []],
  ["ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey", []],
  ["CREATE TABLE more (id int NOT NULL)", []],
];

describe("what a running release no longer finds", () => {
  test.each(cases)("%s", async (sql, expected) => {
    const world = createWorld({ major: 18, complete: true });
    for (const statement of await parseSql(before, "before")) fold(statement, world);
    const existing = objectsOf(world);
    const copy = copyWorld(world);
    const [statement] = await parseSql(sql, "change");
    const changes = recordChanges(world, () => fold(statement!, world));
    const text = (breaks: ReturnType<typeof breaksBetween>) =>
      breaks
        .map(({ object, how, to }) => [object, how, ...(to === undefined ? [] : [to])].join(" "))
        .sort();
    expect(text(breaksBetween(copy, world, existing))).toEqual(expected);
    expect(text(breaksOf(changes, world, existing))).toEqual(expected);
    expect(breaksBetween(copy, world, new Set())).toEqual([]);
  });

  test("a drop and a new object of the same name are two objects", async () => {
    const world = createWorld({ major: 18, complete: true });
    for (const statement of await parseSql(before, "before")) fold(statement, world);
    const existing = objectsOf(world);
    const copy = copyWorld(world);
    for (const statement of await parseSql("DROP TABLE orders; CREATE TABLE orders (id int)", "x"))
      fold(statement, world);
    expect(breaksBetween(copy, world, existing)).toEqual([
      { object: "public.orders", how: "dropped" },
    ]);
  });

  test("a copy stays what it was, whichever world changes", async () => {
    const world = createWorld({ major: 18, complete: true });
    for (const statement of await parseSql(before, "before")) fold(statement, world);
    const copy = copyWorld(world);
    const again = copyWorld(world);
    for (const statement of await parseSql("ALTER TABLE users DROP COLUMN email", "x"))
      fold(statement, copy);
    expect(copy.relations.get("public.users")?.columns).toHaveLength(7);
    expect(copy.relations.has("public.active")).toBe(false);
    expect(world.relations.get("public.users")?.columns).toHaveLength(8);
    expect(world.relations.has("public.active")).toBe(true);
    expect(breaksBetween(again, world, objectsOf(world))).toEqual([]);
  });
});
