import { afterAll, beforeAll, expect, it } from "vitest";
import { makePlan, provePlan } from "../../src/plan/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

it("BEGIN, COMMIT and END around statements are no part of a plan, and of no proof", async () => {
  const base = await scratch.createDatabase();
  {
    await using session = await Session.open({ url: base.url, applicationName: "test" });
    await session.batch(
      "CREATE TABLE a (id integer PRIMARY KEY, b text); INSERT INTO a VALUES (1)",
    );
  }
  const copy = await scratch.createDatabase({ template: base.name });
  const sql = `BEGIN; ALTER TABLE a ADD c text; COMMIT;
START TRANSACTION; UPDATE a SET b = 'x' WHERE b IS NULL; ALTER TABLE a ALTER b SET NOT NULL; END;`;
  const file = "naive.sql";
  const made = await makePlan({ id: "p1", url: copy.url, major: 18, file, sql });
  const { plan, statements: naive, searchPath } = made;
  expect(naive.map(({ kind }) => kind)).toEqual(["AlterTableStmt", "UpdateStmt", "AlterTableStmt"]);
  expect([plan!.expand.length, plan!.backfill.length]).toEqual([1, 1]);
  const template = base.name;
  const proof = await provePlan({ scratch, template, naive, plan: plan!, searchPath });
  expect(proof.failures).toEqual([]);
}, 120_000);
