import { afterAll, beforeAll, expect, it } from "vitest";
import { diff, introspect } from "../../src/catalog/index.ts";
import { Session } from "../../src/pg/index.ts";
import { startScratch, type Scratch } from "../../src/scratch/index.ts";
import { planOf, runStep } from "./operation-harness.ts";

const base = "CREATE TABLE item (id integer PRIMARY KEY, name text);";

let scratch: Scratch;
beforeAll(async () => {
  scratch = await startScratch({ major: 18 });
});
afterAll(() => scratch.close());

it("what the migration gives no name is made once, however often its step is run", async () => {
  const naive = `
CREATE TABLE "add" (id integer, item integer, name text);
CREATE INDEX /* of */ ON "add" (name);
CREATE INDEX CONCURRENTLY ON "add" (lower(name));
CREATE STATISTICS (ndistinct) ON id, name FROM "add";
ALTER TABLE add ADD /* it */ UNIQUE (id), ADD CHECK (id > 0), ADD FOREIGN KEY (item) REFERENCES item;
CREATE MATERIALIZED VIEW ids AS SELECT id FROM "add";
CREATE UNIQUE INDEX ON ids (id);`;
  const { plan, goal } = await planOf(scratch, base, naive);
  const { url } = await scratch.createDatabase({});
  await using session = await Session.open({ url, applicationName: "twice" });
  await session.batch(base);
  for (const step of [...plan!.expand, ...plan!.backfill, ...plan!.contract]) {
    await runStep(session, step);
    await expect(runStep(session, step)).rejects.toThrow("already exists");
    await session.query("ROLLBACK");
  }
  expect(await diff(goal, await introspect(session), { columnOrder: false })).toEqual([]);
});

it("an index that has taken another one's name keeps it when the contract phase is run again", async () => {
  const naive = "DROP INDEX by_name; CREATE INDEX by_name ON item (lower(name))";
  const indexed = `${base} CREATE INDEX by_name ON item (name);`;
  const { plan, goal } = await planOf(scratch, indexed, naive);
  const { url } = await scratch.createDatabase({});
  await using session = await Session.open({ url, applicationName: "twice" });
  await session.batch(indexed);
  for (const step of [...plan!.backfill, ...plan!.contract]) await runStep(session, step);
  for (const step of plan!.contract) {
    await expect(runStep(session, step)).rejects.toThrow("does not exist");
    await session.query("ROLLBACK");
  }
  expect(await diff(goal, await introspect(session))).toEqual([]);
});
