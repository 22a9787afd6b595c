import { expect, test } from "vitest";
import { baseSql } from "../matrix/support.ts";
import { predicted, worldOf } from "./support.ts";

const bounded = [
  "UPDATE orgs SET name = 'x' WHERE id = 5",
  "UPDATE orgs SET name = 'x' WHERE 5 = id AND name <> 'y'",
  "UPDATE orgs AS o SET name = 'x' WHERE o.id = 5",
  "UPDATE orgs SET name = 'x' WHERE id IN (1, 2, 3)",
  "UPDATE orgs SET name = 'x' WHERE id = ANY (ARRAY[1, 2])",
  "UPDATE orgs SET name = 'x' WHERE id BETWEEN 1 AND 1000",
  "UPDATE orgs SET name = 'x' WHERE id > 1000 AND id <= 2000",
  "UPDATE orgs SET name = 'x' WHERE id = (SELECT max(id) FROM orgs)",
  "UPDATE orgs SET name = 'x' WHERE ctid IN (SELECT ctid FROM orgs WHERE name = '' LIMIT 100)",
  "UPDATE orgs SET name = 'x' WHERE ctid = ANY (ARRAY(SELECT ctid FROM orgs LIMIT 100))",
  "UPDATE orgs SET name = 'x' WHERE id IN (SELECT id FROM orgs ORDER BY id LIMIT 100 FOR UPDATE)",
  "WITH b AS (SELECT id FROM orgs LIMIT 100) UPDATE orgs SET name = 'x' FROM b WHERE b.id = orgs.id",
  "WITH b AS (SELECT id FROM orgs LIMIT 9) DELETE FROM orgs WHERE id IN (SELECT id FROM b)",
  "UPDATE orgs SET name = v.n FROM (VALUES (1, 'a')) v (id, n) WHERE v.id = orgs.id",
  "DELETE FROM users WHERE email = 'a@example.org'",
  "UPDATE users SET name = 'x' WHERE false",
  "INSERT INTO orgs VALUES (900001, 'x')",
  "INSERT INTO orgs (id, name) SELECT id + 900000, 'x' FROM small LIMIT 10",
];

const unbounded = [
  "UPDATE orgs SET name = 'x'",
  "UPDATE orgs SET name = 'x' WHERE true",
  "UPDATE orgs SET name = 'x' WHERE name = 'y'",
  "UPDATE orgs SET name = 'x' WHERE id > 5",
  "UPDATE orgs SET name = 'x' WHERE id = 5 OR name = 'y'",
  "UPDATE orgs SET name = 'x' WHERE id IN (SELECT id FROM small)",
  "UPDATE orgs SET name = 'x' WHERE id IN (SELECT id FROM small LIMIT ALL)",
  "UPDATE orgs SET name = s.label FROM small s WHERE s.id = orgs.id",
  "UPDATE orgs SET name = 'x' FROM small s WHERE s.id = 5",
  "UPDATE orders SET note = 'x' WHERE user_id = 5",
  "DELETE FROM orgs WHERE NOT id = 5",
  "WITH b AS (SELECT id FROM orgs) UPDATE orgs SET name = 'x' FROM b WHERE b.id = orgs.id",
  "INSERT INTO orgs (id, name) SELECT id + 900000, 'x' FROM small",
];

const world = await worldOf(baseSql);

/** Whether the change of the statement's own table is bounded. */
async function changeOf(sql: string) {
  const effect = await predicted(sql, world);
  const [change] = effect.work.filter(({ kind }) => kind === "row-change");
  return change;
}

test.each(bounded)("is bounded: %s", async (sql) => {
  expect(await changeOf(sql)).toMatchObject({ kind: "row-change", bounded: true });
});

test.each(unbounded)("may reach every row: %s", async (sql) => {
  expect(await changeOf(sql)).toMatchObject({ kind: "row-change", bounded: false });
});
