import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { planOf } from "../operation-harness.ts";

const base = "CREATE TABLE item (id integer PRIMARY KEY); CREATE VIEW items AS SELECT id FROM item";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

it("a rule for what releases write to a table is refused, one of a view or a new table stays as it is", async () => {
  const rule = (table: string) => `CREATE RULE quiet AS ON UPDATE TO ${table} DO INSTEAD NOTHING`;
  const { parts } = await planOf(
    scratch,
    base,
    [rule("item"), rule("items"), "CREATE TABLE fresh (id integer)", rule("fresh")].join(";\n"),
  );
  expect(parts.map(({ kind }) => kind)).toEqual(["refused", "kept", "kept", "kept"]);
  expect(parts[0]).toMatchObject({ why: expect.stringContaining("ON CONFLICT") });
});
