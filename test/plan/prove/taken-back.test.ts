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
CREATE TABLE visit (at date PRIMARY KEY) PARTITION BY RANGE (at);
CREATE TABLE visit_rest PARTITION OF visit DEFAULT;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
`;

const naive = `INSERT INTO team VALUES (100, 'new') ON CONFLICT DO NOTHING;
INSERT INTO visit_rest VALUES ('2024-01-01') ON CONFLICT DO NOTHING;
ALTER TYPE pair ADD ATTRIBUTE b text;
CREATE TRIGGER seen AFTER DELETE ON visit FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE member ALTER team SET STATISTICS 50;
CREATE PUBLICATION members FOR TABLE member`;

const heirs = `
CREATE TABLE animal (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE dog (breed text) INHERITS (animal);
CREATE TABLE puppy () INHERITS (dog);
INSERT INTO animal SELECT n, 'Animal ' || n FROM generate_series(1, 5) n;
INSERT INTO dog SELECT n, 'Dog ' || n, 'mixed' FROM generate_series(11, 15) n;
INSERT INTO puppy SELECT n, 'Puppy ' || n, 'mixed' FROM generate_series(21, 25) n;
`;

it.each([
  [
    "rows given once that stay, an attribute that goes, what the catalog does not tell in the contract phase",
    {
      base,
      naive,
      remains: ["inserted rows of public.team", "inserted rows of public.visit_rest"],
      contract: 2,
    },
  ],
  [
    "rows of a table and of what inherits from it, changed for good",
    {
      base: heirs,
      naive: "UPDATE animal SET name = 'one name'",
      remains: ["rows public.animal.name"],
      contract: 0,
    },
  ],
])(
  "is proven: %s",
  async (_name, { base: schema, naive: sql, remains, contract }) => {
    await using scratch = await startScratch({ major: 18 });
    const { plan } = await planOf(scratch, schema, sql);
    expect(plan!.remains).toEqual(remains);
    expect(plan!.contract).toHaveLength(contract);
    const { name } = await scratch.createDatabase();
    {
      await using session = await Session.open({
        url: scratch.urlOf(name),
        applicationName: "test",
      });
      await session.batch(schema);
    }
    const statements = splitStatements(await parseSql(sql, "naive.sql"), "naive.sql");
    const request = { scratch, template: name, naive: statements, searchPath: ["public"] };
    expect((await provePlan({ ...request, plan: plan! })).failures).toEqual([]);
    const silent = await provePlan({ ...request, plan: { ...plan!, remains: [] } });
    expect([...new Set(silent.failures.map(({ proof }) => proof))]).toEqual(["abort"]);
  },
  120_000,
);
