import { expect, test } from "vitest";
import { evaluateStatic } from "./support-evaluate.ts";

const base =
  "CREATE TABLE a (id bigint, old text); CREATE TABLE b (id bigint PRIMARY KEY); CREATE TABLE c (id bigint);";

async function said(migration: string) {
  const { findings } = await evaluateStatic(
    {
      rule: "loses-data",
      transaction: "file",
      runnerSetsTimeouts: true,
      sizes: undefined,
      base,
      migration,
    },
    18,
  );
  return Object.fromEntries(findings.map(({ rule, why }) => [rule, why]));
}

const until = "; until line 1 is repaired it gets there only while public.a is empty";

test("behind a required column it is said that the transaction gets on only without rows", async () => {
  const whys = await said(
    "ALTER TABLE a ADD COLUMN x int NOT NULL, DROP COLUMN old, DROP COLUMN id;\nALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b;\nCREATE INDEX ON a (x);",
  );
  for (const rule of ["loses-data", "blocking-foreign-key", "blocking-index-build"])
    expect(whys[rule]).toContain(until);
  expect(whys["fails-on-rows"]).not.toContain("only while");
});

test("not of another table, once rows were put in, or in another transaction", async () => {
  const required = "ALTER TABLE a ADD COLUMN x int NOT NULL;\n";
  const other = await said(`${required}CREATE INDEX ON c (id);`);
  expect(other["blocking-index-build"]).not.toContain("only while");
  const filled = await said(`${required}INSERT INTO a SELECT id FROM c;\nCREATE INDEX ON a (x);`);
  expect(filled["blocking-index-build"]).not.toContain("only while");
  const apart = await said(`${required}COMMIT;\nCREATE INDEX ON a (x);`);
  expect(apart["blocking-index-build"]).not.toContain("only while");
});
