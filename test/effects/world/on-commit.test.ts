import { expect, test } from "vitest";
import {
  createWorld,
  fold,
  type FoldSession,
  type World,
} from "../../../src/effects/world/index.ts";
import { parseSql } from "../../../src/sql/index.ts";

async function worldAfter(sql: string, session: FoldSession = {}): Promise<World> {
  const world = createWorld({ major: 18, complete: true });
  for (const statement of await parseSql(sql, "test")) fold(statement, world, session);
  return world;
}

const temporary = (world: World) =>
  [...world.relations.values()].filter(({ persistence }) => persistence === "temporary").length;

test("a table that is ON COMMIT DROP goes with the transaction", async () => {
  const made = "BEGIN; CREATE TEMPORARY TABLE seen (id bigint PRIMARY KEY) ON COMMIT DROP";
  expect(temporary(await worldAfter(made))).toBe(2);
  expect(temporary(await worldAfter(`${made}; COMMIT`))).toBe(0);
  expect(temporary(await worldAfter(`${made}; SAVEPOINT one; RELEASE one`))).toBe(2);
});

test("without a transaction it is gone when its statement ends", async () => {
  const alone = { inTransaction: false };
  const drop = "CREATE TEMPORARY TABLE seen ON COMMIT DROP AS SELECT 1 AS id";
  expect(temporary(await worldAfter(drop, alone))).toBe(0);
  const keep = "CREATE TEMPORARY TABLE seen (id bigint) ON COMMIT DELETE ROWS";
  expect(temporary(await worldAfter(`${keep}; BEGIN; COMMIT`, alone))).toBe(1);
});
