import { expect, it } from "vitest";
import {
  byId,
  copyWorld,
  createWorld,
  fold,
  mergeChanges,
  noChanges,
  recordChanges,
  referrersOf,
  unrecordedSince,
  worldBefore,
  type World,
} from "../../../src/effects/index.ts";
import { OverlayMap } from "../../../src/effects/world/overlay-map.ts";
import { parseSql } from "../../../src/sql/index.ts";

const script = `
CREATE SCHEMA app;
CREATE TABLE app.customers (id bigint PRIMARY KEY, name text);
CREATE TABLE app.orders (id bigserial PRIMARY KEY, customer bigint REFERENCES app.customers, mood text);
CREATE INDEX orders_customer ON app.orders (customer);
CREATE VIEW app.names AS SELECT name FROM app.customers;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE FUNCTION app.one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION app.one() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1';
ALTER TYPE app.mood ADD VALUE 'happy';
ALTER TYPE app.mood RENAME TO feeling;
ALTER TABLE app.orders RENAME TO bookings;
ALTER TABLE app.bookings DROP CONSTRAINT orders_customer_fkey;
ALTER TABLE app.customers SET SCHEMA public;
CREATE EXTENSION citext;
DROP FUNCTION app.one();
DROP INDEX app.orders_customer;
DROP VIEW app.names;
DROP TABLE app.bookings;
DROP TYPE app.feeling;
DROP SCHEMA app;
`;

/** All that a world holds, and what is known of it by id, without regard to order. */
function contents(world: World) {
  const relations = [...world.relations.values()];
  const sorted = <Value>(map: ReadonlyMap<string, Value>) =>
    [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...world,
    relations: sorted(world.relations),
    types: sorted(world.types),
    routines: sorted(world.routines),
    known: relations.map(({ id }) => byId(world, id)).toSorted((a, b) => a!.id - b!.id),
    referrers: relations
      .map(({ id }) => [
        id,
        referrersOf(world, id)
          .map((one) => one.id)
          .toSorted((a, b) => a - b),
      ])
      .toSorted(([a], [b]) => Number(a) - Number(b)),
  };
}

it("the world before each statement, and before all of them, is what a copy would have kept", async () => {
  const world = createWorld({ major: 18, complete: true });
  const first = { copy: contents(copyWorld(world)), unrecorded: unrecordedSince(undefined, world) };
  const whole = noChanges();
  let unrecorded = first.unrecorded;
  for (const statement of await parseSql(script, "script.sql")) {
    const copy = contents(copyWorld(world));
    unrecorded = unrecordedSince(unrecorded, world);
    const changes = recordChanges(world, () => {
      fold(statement, world);
    });
    mergeChanges(whole, changes);
    const after = contents(copyWorld(world));
    expect(contents(worldBefore(world, changes, unrecorded)), statement.sql).toEqual(copy);
    expect(contents(worldBefore(world, whole, first.unrecorded)), statement.sql).toEqual(
      first.copy,
    );
    expect(contents(world), statement.sql).toEqual(after);
    expect(after, statement.sql).not.toEqual(copy);
  }
});

it("an overlay behaves as a map of its own and leaves the one below alone", () => {
  const below = new Map([
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ]);
  const overlay = new OverlayMap(below);
  expect(overlay.set("b", 20).set("d", 4).size).toBe(4);
  expect([overlay.delete("a"), overlay.delete("a"), overlay.delete("x")]).toEqual([
    true,
    false,
    false,
  ]);
  expect([...overlay]).toEqual([
    ["c", 3],
    ["b", 20],
    ["d", 4],
  ]);
  expect([overlay.get("a"), overlay.has("a"), overlay.get("b"), overlay.get("c")]).toEqual([
    undefined,
    false,
    20,
    3,
  ]);
  overlay.set("a", 10);
  expect([...new Map(overlay).keys()]).toEqual(["c", "b", "d", "a"]);
  const seen: number[] = [];
  overlay.forEach((value) => seen.push(value));
  expect(seen).toEqual([...overlay.values()]);
  overlay.clear();
  expect([overlay.size, [...overlay.keys()]]).toEqual([0, []]);
  expect([...below.values()]).toEqual([1, 2, 3]);
});
