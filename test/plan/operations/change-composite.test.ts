import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startScratch, type Scratch } from "../../../src/scratch/index.ts";
import { planOf, testOperation } from "../operation-harness.ts";

const base = `
CREATE TYPE pair AS (a integer, b text);
CREATE TYPE "Odd Pair" AS (a integer, "B c" text);
CREATE TYPE kept AS (one integer);
CREATE TYPE nested AS (one kept);
CREATE TYPE called AS (one integer);
CREATE TYPE typed AS (one integer);
CREATE TABLE item (id integer PRIMARY KEY, ref pair, more kept[]);
INSERT INTO item VALUES (1, '(1,x)', '{"(1)"}');
CREATE FUNCTION use(given called) RETURNS integer LANGUAGE sql AS 'SELECT given.one';
CREATE TABLE things OF typed;
`;
const release = `INSERT INTO item SELECT max(id) + 1, '(2,y)' FROM item; SELECT (ref).a FROM item`;

describe.each([14, 18])("an attribute of a composite type on Postgres %i", (major) => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await startScratch({ major });
  });
  afterAll(() => scratch.close());

  it.each([
    ['DROP ATTRIBUTE "B c"', 0, 1],
    ["ALTER ATTRIBUTE a TYPE bigint", 0, 1],
    ["ADD ATTRIBUTE d integer", 1, 0],
    ["DROP ATTRIBUTE a, ADD ATTRIBUTE a text", 0, 2],
  ])("%s of a type that nothing has", async (change, expand, contract) => {
    const naive = `ALTER TYPE "Odd Pair" ${change}`;
    const one = { name: change, base, naive, old: release, new: release };
    const plan = await testOperation(scratch, one);
    expect(plan.expand).toHaveLength(expand);
    expect(plan.contract).toHaveLength(contract);
    expect(plan.notes).not.toEqual([]);
  });

  it.each([
    ["pair DROP ATTRIBUTE a", "public.item.ref"],
    ["pair DROP ATTRIBUTE a, ADD ATTRIBUTE c integer", "public.item.ref"],
    ["pair ADD ATTRIBUTE c integer", "public.item.ref"],
    ["kept ADD ATTRIBUTE c integer", "public.item.more"],
    ["called ADD ATTRIBUTE c integer", "public.use(public.called)"],
    ["typed ADD ATTRIBUTE c integer CASCADE", "public.things.c"],
  ])("refuses %s", async (change, holder) => {
    const { parts } = await planOf(scratch, base, `ALTER TYPE ${change}`);
    const reasons = parts.flatMap((part) => (part.kind === "refused" ? [part.why] : []));
    expect(reasons[0]).toMatch(`${holder} depends on the type`);
  });

  it("leaves a type alone that the migration makes", async () => {
    const naive = `CREATE TYPE fresh AS (a integer, b text);
      ALTER TYPE fresh DROP ATTRIBUTE a, ADD ATTRIBUTE c integer; ALTER TYPE fresh RENAME ATTRIBUTE c TO d`;
    const one = { name: "made", base, naive, old: release, new: release };
    expect((await testOperation(scratch, one)).expand).toHaveLength(4);
  });

  it("refuses another name", async () => {
    const { parts } = await planOf(scratch, base, "ALTER TYPE pair RENAME ATTRIBUTE a TO c");
    expect(parts.map(({ kind }) => kind)).toEqual(["refused"]);
  });
});
