import { expect, it } from "vitest";
import { Session } from "../../../src/pg/index.ts";
import { provePlan } from "../../../src/plan/prove/prove.ts";
import { splitStatements } from "../../../src/plan/split.ts";
import { startScratch } from "../../../src/scratch/index.ts";
import { parseSql } from "../../../src/sql/index.ts";
import { planOf } from "../operation-harness.ts";

const base = `
CREATE TABLE team (id integer PRIMARY KEY, name text);
INSERT INTO team SELECT n, 'Team ' || n FROM generate_series(1, 5) n;
CREATE TABLE member (id integer PRIMARY KEY, team integer REFERENCES team DEFERRABLE INITIALLY DEFERRED);
CREATE TYPE pair AS (a integer);
CREATE TABLE visit (at date) PARTITION BY RANGE (at);
CREATE TABLE visit_rest PARTITION OF visit DEFAULT;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
`;

const naive = `INSERT INTO team VALUES (100, 'new') ON CONFLICT DO NOTHING;
ALTER TYPE pair ADD ATTRIBUTE b text;
CREATE TRIGGER seen AFTER DELETE ON visit FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE member ALTER team SET STATISTICS 50;
CREATE PUBLICATION members FOR TABLE member`;

it("is proven: rows given once that stay, an attribute that goes, what the catalog does not tell in the contract phase", async () => {
  await using scratch = await startScratch({ major: 18 });
  const { plan } = await planOf(scratch, base, naive);
  expect(plan).toMatchObject({ remains: ["inserted rows of public.team"], contract: [{}, {}] });
  const { name } = await scratch.createDatabase();
  {
    await using session = await Session.open({ url: scratch.urlOf(name), applicationName: "test" });
    await session.batch(base);
  }
  const statements = splitStatements(await parseSql(naive, "naive.sql"), "naive.sql");
  const request = { scratch, template: name, naive: statements, searchPath: ["public"] };
  expect((await provePlan({ ...request, plan: plan! })).failures).toEqual([]);
  const silent = await provePlan({ ...request, plan: { ...plan!, remains: [] } });
  expect([...new Set(silent.failures.map(({ proof }) => proof))]).toEqual(["abort"]);
}, 120_000);
