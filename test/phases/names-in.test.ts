import { expect, it } from "vitest";
import { namesWhatGoes, takesAllColumns } from "../../src/phases/evidence/names-in.ts";

const going = {
  tables: [{ schema: "public", name: "Old Table" }],
  columns: [{ table: { schema: "public", name: "person" }, column: "full_name" }],
  labels: [],
};

it.each([
  ["SELECT full_name FROM person WHERE id = $1", true],
  ["select p.FULL_NAME from public.person p", true],
  ["INSERT INTO person (id, full_name) VALUES ($1, $2)", true],
  ["UPDATE person SET full_name = $1", true],
  [
    "INSERT INTO person VALUES ($1) ON CONFLICT (id) DO UPDATE SET full_name = excluded.full_name",
    true,
  ],
  ["COPY person (id, full_name) FROM STDIN", true],
  ['SELECT 1 FROM "Old Table"', true],
  ["SELECT 1 FROM old_table", false],
  ["SELECT name FROM person", false],
  ["SELECT full_name FROM customer", false],
  ["SELECT full_name FROM other.person", false],
  ["SELECT 'full_name' FROM person", false],
  // Cut off where pg_stat_activity ends: what it holds counts.
  ["SELECT id, full_name, visits FROM person WHERE note = 'cut o", true],
  ['SELECT id, name FROM person WHERE "Nam', false],
])("%s", async (query, expected) => {
  expect(await namesWhatGoes(query, going)).toBe(expected);
});

it.each([
  ["SELECT * FROM person WHERE id = $1", true],
  ["SELECT o.id FROM customer o JOIN LATERAL (SELECT p.* FROM public.person p) x ON true", true],
  ["INSERT INTO person VALUES ($1, $2)", true],
  ["COPY person FROM STDIN", true],
  ["UPDATE person SET name = $1 RETURNING *", true],
  ["SELECT count(*) FROM person", false],
  ["INSERT INTO person (name) VALUES ($1)", false],
  ["INSERT INTO person DEFAULT VALUES", false],
  ["COPY person (id, name) TO STDOUT", false],
  ["SELECT * FROM customer", false],
  ["SELECT * FROM other.person", false],
])("without a list: %s", async (query, expected) => {
  expect(await takesAllColumns(query, going)).toBe(expected);
});
