import { expect, it } from "vitest";
import type { Plan } from "../../../src/plan/model.ts";
import { planOf } from "../operation-harness.ts";
import { testCases } from "./cases.ts";

const base = `
CREATE TYPE pair AS (a integer, b text);
CREATE TYPE "Odd Pair" AS (a integer, "B c" text);
CREATE TYPE kept AS (one integer);
CREATE TYPE nested AS (one kept);
CREATE TYPE called AS (one integer);
CREATE TYPE typed AS (one integer);
CREATE TABLE item (id serial PRIMARY KEY, ref pair, more kept[]);
INSERT INTO item (ref, more) VALUES ('(1,x)', '{"(1)"}');
CREATE FUNCTION use(given called) RETURNS integer LANGUAGE sql AS 'SELECT given.one';
CREATE TABLE things OF typed;
`;
const release = `INSERT INTO item (ref) VALUES ('(2,y)'); SELECT (ref).a FROM item`;

const changed = (change: string) => `ALTER TYPE "Odd Pair" ${change}`;
const hasSteps = (expand: number, contract: number) => (plan: Plan) => {
  expect(plan.expand).toHaveLength(expand);
  expect(plan.contract).toHaveLength(contract);
};

testCases(
  {
    operation: "change a composite type",
    does: "of one that no column and no routine has: attributes come in the expand phase and go in the contract phase",
  },
  { base, old: release, new: release },
  [
    {
      name: "an attribute that goes",
      naive: changed('DROP ATTRIBUTE "B c"'),
      old: `${release}; SELECT ('(1,x)'::"Odd Pair")."B c"`,
      also: hasSteps(0, 1),
    },
    {
      name: "an attribute of another type",
      naive: changed("ALTER ATTRIBUTE a TYPE bigint"),
      also: hasSteps(0, 1),
    },
    {
      name: "an attribute that comes",
      naive: changed("ADD ATTRIBUTE d integer"),
      new: `${release}; SELECT ('(1,x,2)'::"Odd Pair").d`,
      also: hasSteps(1, 0),
    },
    {
      name: "an attribute that goes and comes as another one",
      naive: changed("DROP ATTRIBUTE a, ADD ATTRIBUTE a text"),
      also: hasSteps(0, 2),
    },
    {
      name: "attributes of a type that the migration makes",
      naive: `CREATE TYPE fresh AS (a integer, b text);
ALTER TYPE fresh DROP ATTRIBUTE a, ADD ATTRIBUTE c integer; ALTER TYPE fresh RENAME ATTRIBUTE c TO d`,
      new: `${release}; SELECT ('(x,2)'::fresh).d`,
      also: hasSteps(4, 0),
    },
  ],
  (scratch) => {
    it.each([
      ["pair DROP ATTRIBUTE a", "public.item.ref"],
      ["pair DROP ATTRIBUTE a, ADD ATTRIBUTE c integer", "public.item.ref"],
      ["pair ADD ATTRIBUTE c integer", "public.item.ref"],
      ["kept ADD ATTRIBUTE c integer", "public.item.more"],
      ["called ADD ATTRIBUTE c integer", "public.use(public.called)"],
      ["typed ADD ATTRIBUTE c integer CASCADE", "public.things.c"],
    ])("refuses %s", async (change, holder) => {
      const { parts } = await planOf(scratch(), base, `ALTER TYPE ${change}`);
      const reasons = parts.flatMap((part) => (part.kind === "refused" ? [part.why] : []));
      expect(reasons[0]).toMatch(`${holder} depends on the type`);
    });

    it("refuses another name", async () => {
      const { parts } = await planOf(scratch(), base, "ALTER TYPE pair RENAME ATTRIBUTE a TO c");
      expect(parts.map(({ kind }) => kind)).toEqual(["refused"]);
    });
  },
);
