import { afterAll, beforeAll, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { planOf } from "../operation-harness.ts";

const base = `
CREATE TABLE person (id serial PRIMARY KEY, name text, bio text);
CREATE TABLE page (person integer PRIMARY KEY REFERENCES person, text text);
INSERT INTO person (name, bio) VALUES ('Ada', 'Countess');
`;

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close(), 180_000);

it.each([
  [
    "a new table",
    `CREATE TABLE profile (person integer PRIMARY KEY, bio text);
     INSERT INTO profile SELECT id, bio FROM person ON CONFLICT DO NOTHING;
     ALTER TABLE person DROP COLUMN bio`,
  ],
  [
    "a table that is there",
    `ALTER TABLE page ADD COLUMN bio text;
     UPDATE page SET bio = person.bio FROM person WHERE person.id = page.person;
     ALTER TABLE person DROP COLUMN bio`,
  ],
])("columns that move to %s are refused with the way by hand", async (_where, naive) => {
  const { parts } = await planOf(scratch, base, naive);
  const refused = parts.find(({ kind }) => kind === "refused");
  expect(refused).toMatchObject({
    why: expect.stringContaining("no triggers keep two tables in step"),
  });
});

it("a copy of columns that stay is none of it", async () => {
  const { parts } = await planOf(
    scratch,
    base,
    "INSERT INTO page SELECT id, bio FROM person ON CONFLICT DO NOTHING; ALTER TABLE person DROP COLUMN name",
  );
  expect(parts.map(({ kind }) => kind)).not.toContain("refused");
});
